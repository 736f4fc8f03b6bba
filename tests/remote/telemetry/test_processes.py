"""Traces and log lines of real processes: off by default, started in each worker, sent at the end, one form for all."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from swf_remote.configuration_rules import problems_of
from tests.remote.edge.monitors import replying
from tests.remote.edge.test_serving import environment, serving, until, workers_of
from tests.remote.gateways import settings_for
from tests.remote.telemetry.collector import CLIENT, SERVER, collecting, said
from tests.remote.upstream.scripted import answer, scripted

pytestmark = pytest.mark.slow

ASK_THE_WHOLE_GATEWAY = """
import asyncio, sys
from swf_remote.asgi import application

async def ask():
    lifespan = iter(({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}))
    answered = asyncio.Event()

    async def life():
        message = next(lifespan)
        if message["type"] == "lifespan.shutdown":
            await answered.wait()
        return message

    async def send(message):
        if message["type"] == "http.response.start":
            print(message["status"])
        if message["type"] == "lifespan.startup.complete":
            scope = {"type": "http", "method": "GET", "scheme": "http", "path": "/prod/panda/", "query_string": b"",
                     "raw_path": b"/prod/panda/", "headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1)}
            await application(scope, asyncio.Event().wait, send)
            answered.set()

    await application({"type": "lifespan"}, life, send)

asyncio.run(ask())
print("swf_remote.edge.telemetry.spans" in sys.modules)
"""


def run(folder: Path, program: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        env=environment(folder, **settings),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def get(port: int, path: str, **headers: str) -> int:
    with urlopen(Request(f"http://127.0.0.1:{port}{path}", headers=headers), timeout=20) as reply:
        return int(reply.status)


def test_without_the_setting_nothing_of_opentelemetry_is_loaded(tmp_path: Path) -> None:
    """Any import of it would fail here. (The Redis client imports some of it wherever it is installed.)"""
    done = run(tmp_path, "import sys; sys.modules['opentelemetry'] = None\n" + ASK_THE_WHOLE_GATEWAY)
    assert done.stdout.split("\n")[:2] == ["502", "False"], done.stderr


def test_with_the_setting_it_is_loaded_where_requests_are_answered(tmp_path: Path) -> None:
    done = run(tmp_path, ASK_THE_WHOLE_GATEWAY, TRACES_URL="http://127.0.0.1:9")
    assert done.stdout.split("\n")[:2] == ["502", "True"], done.stderr


def test_with_the_setting_but_without_the_extra_the_start_names_the_way_out(tmp_path: Path) -> None:
    program = "import sys; sys.modules['opentelemetry.sdk'] = None; sys.argv = ['swf-remote', 'check']\n"
    program += "from swf_remote.cli import main; main()"
    done = run(tmp_path, program, TRACES_URL="http://127.0.0.1:4318")
    told = "SWF_REMOTE_TRACES_URL needs packages that are not installed: pip install 'swf-remote[telemetry]'\n"
    assert (done.returncode, done.stderr) == (2, told)


@pytest.mark.parametrize("url", ["collector:4318", "http://", "ftp://collector/", "http://me:secret@collector:4318"])
def test_a_collectors_address_that_is_none_is_refused_without_being_repeated(url: str) -> None:
    (fault,) = problems_of(settings_for(traces_url=url))
    assert fault[0] == "traces_url"
    assert "secret" not in fault[1]


def test_each_worker_sends_its_own_spans_the_last_of_them_at_its_end(tmp_path: Path) -> None:
    with collecting() as collector:
        settings = {"TRACES_URL": collector.url, "TRACES_SAMPLE": "1"}
        with serving(tmp_path, "--workers", "2", **settings) as (port, process):
            until(lambda: len(workers_of(process)) == 2, process)

            def both_have_answered() -> bool:
                with urlopen(f"http://127.0.0.1:{port}/prod/healthz", timeout=20) as reply:
                    asked.append(str(reply.headers["X-Request-ID"]))
                return len(collector.instances()) == 2

            asked: list[str] = []
            until(both_have_answered, process, 60)
            process.terminate()
            assert process.wait(timeout=20) == 0
        told = {said(span.attributes)["swf.request_id"] for span in collector.spans(SERVER)}
    assert set(asked) <= told


TOKEN = "t" * 32
NOISE = """
import logging, sys, warnings
sys.argv = ["swf-remote", "shell", "--no-imports", "-c", '''
import logging, warnings, uvicorn
from uvicorn import Config
from swf_remote.edge.server.serving import server_configuration
server_configuration(lambda: None, loop="none")
for name in ("uvicorn.error", "django", "django.server", "django.security.csrf", "asyncio", "aiohttp"):
    try:
        1 / 0
    except ZeroDivisionError:
        logging.getLogger(name).exception("two\\\\nlines of %s", name)
warnings.warn("of the test")
''']
from swf_remote.cli import main
main()
"""


@pytest.mark.parametrize("debug", ["false", "true"])
def test_every_logger_and_every_traceback_is_one_json_object_a_line(tmp_path: Path, debug: str) -> None:
    done = run(tmp_path, NOISE, LOG_FORMAT="json", DEBUG=debug)
    told = [json.loads(line) for line in done.stderr.splitlines()]
    names = ["uvicorn.error", "django", "django.server", "django.security.csrf", "asyncio", "aiohttp"]
    assert [one["logger"] for one in told] == [*names, "py.warnings"]
    assert [one["event"] for one in told[:-1]] == [f"two\nlines of {name}" for name in names]
    assert all("ZeroDivisionError" in one["exception"] for one in told[:-1])


def test_what_fails_inside_of_a_request_is_json_with_the_id_that_its_reader_sees(tmp_path: Path) -> None:
    """The database has no tables here."""
    form = urlencode({"username": "a", "password": "b", "csrfmiddlewaretoken": TOKEN}).encode()
    with serving(tmp_path, LOG_FORMAT="json") as (port, process):
        headers = {"Sec-Fetch-Site": "same-origin", "Cookie": f"csrftoken_prod={TOKEN}"}
        asked = Request(f"http://127.0.0.1:{port}/prod/accounts/login/", form, headers)
        with pytest.raises(HTTPError) as failed:
            urlopen(asked, timeout=20)
        process.terminate()
        _, written = process.communicate(timeout=20)
    assert failed.value.code == 500
    told = [json.loads(line) for line in written.splitlines()]
    mine = {one["logger"]: one for one in told if one.get("request_id") == failed.value.headers["X-Request-ID"]}
    assert mine["swf_remote.access"]["status"] == 500
    assert "no such table" in mine["django.request"]["exception"]


async def test_the_last_spans_are_sent_at_the_end(tmp_path: Path) -> None:
    monitor = replying(lambda _head, _body: answer(b"hello"))
    with collecting() as collector:
        async with scripted([monitor]) as seen:
            settings = {"TRACES_URL": f"{collector.url}/some/where", "TRACES_SAMPLE": "1", "MONITOR_URL": seen.url}
            with serving(tmp_path, **settings) as (port, process):
                assert await asyncio.to_thread(get, port, "/prod/panda/") == 200
                process.terminate()
                assert await asyncio.to_thread(process.wait, 20) == 0
        assert len(collector.spans(CLIENT)) == 1
        assert set(collector.paths) == {"/some/where"}
