"""The ASGI entry and the commands: static files straight from the folder, one mount, clear words on a busy port."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.management import CommandError
from pydantic import ValidationError
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message

from swf_monitor import lifespan
from swf_monitor.asgi import Monitor, application
from swf_monitor.cli import explain
from swf_monitor.configuration import Configuration
from swf_monitor.web.management.commands.serve import require_free_port


@dataclass
class Answer:
    """What an ASGI application sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def ask(path: str, app: ASGIApp = application, **headers: str) -> Answer:
    """GET `path` as an ASGI server would hand it over."""
    sent: list[Message] = []
    bodies = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Message:
        for body in bodies:
            return body
        return await asyncio.get_running_loop().create_future()  # the reader stays and sends nothing more

    async def send(message: Message) -> None:
        sent.append(message)

    fields = {"host": "127.0.0.1", **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    start = sent[0]
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(start["status"], {name.decode().lower(): value.decode() for name, value in start["headers"]}, body)


async def test_static_files_have_a_tag_and_answer_ranges() -> None:
    whole = await ask("/swf-monitor/static/css/monitor.css")
    assert whole.status == 200
    assert whole.headers["content-type"].startswith("text/css")
    again = await ask("/swf-monitor/static/css/monitor.css", if_none_match=whole.headers["etag"])
    assert again.status == 304
    part = await ask("/swf-monitor/static/css/monitor.css", range="bytes=2-5")
    assert (part.status, part.body) == (206, whole.body[2:6])


async def test_a_file_dropped_into_the_folder_is_served_at_once(tmp_path: Path) -> None:
    monitor = Monitor("/m", StaticFiles(directory=tmp_path), application)
    (tmp_path / "new.bin").write_bytes(b"\x00\xff")
    assert (await ask("/m/static/new.bin", monitor)).body == b"\x00\xff"


async def test_the_style_of_the_browsable_rest_pages_is_there() -> None:
    assert (await ask("/swf-monitor/static/rest_framework/css/default.css")).status == 200


@pytest.mark.parametrize("path", ["static/missing.css", "static/../settings.py", "static/css", "nothing/"])
async def test_what_is_not_there_is_404(path: str) -> None:
    assert (await ask(f"/swf-monitor/{path}")).status == 404


@pytest.mark.parametrize("path", ["/", "/swf-monitor"])
async def test_the_bare_mount_leads_to_the_mount(path: str) -> None:
    answer = await ask(path)
    assert (answer.status, answer.headers["location"]) == (301, "/swf-monitor/")


@pytest.mark.parametrize("path", ["/panda/tasks/", "/swf-monitorx/", "/static/css/monitor.css"])
async def test_outside_the_mount_nothing_is_served(path: str) -> None:
    assert (await ask(path)).status == 404


async def test_pages_are_served_below_the_mount() -> None:
    assert b"<h1>About</h1>" in (await ask("/swf-monitor/about/")).body


async def test_start_and_stop_hooks_run_with_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    async def begin() -> None:
        calls.append("start")

    async def end() -> None:
        calls.append("stop")

    monkeypatch.setattr(lifespan, "_startup", [begin])
    monkeypatch.setattr(lifespan, "_shutdown", [end])
    wanted = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> Message:
        return {"type": next(wanted)}

    async def send(message: Message) -> None:
        calls.append(message["type"])

    await application({"type": "lifespan"}, receive, send)
    assert calls == ["start", "lifespan.startup.complete", "stop", "lifespan.shutdown.complete"]


def test_a_busy_port_is_one_line_with_the_fix() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=rf"127\.0\.0\.1:{port} .*choose another port with --port"):
            require_free_port("127.0.0.1", port)
    require_free_port("127.0.0.1", port)


def test_an_impossible_port_is_named() -> None:
    with pytest.raises(CommandError, match="99999"):
        require_free_port("127.0.0.1", 99999)


def test_wrong_settings_are_told_by_their_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PANDA_DB_PORT", "many")
    monkeypatch.setenv("SWF_MONITOR_FEED_MAX_AGE", "0")
    monkeypatch.delenv("SWF_MONITOR_SECRET_KEY")
    with pytest.raises(ValidationError) as problem:
        Configuration(_env_file=None)
    lines = explain(problem.value)
    assert [line.split(":")[0] for line in lines] == [
        "SWF_MONITOR_SECRET_KEY",
        "SWF_MONITOR_FEED_MAX_AGE",
        "PANDA_DB_PORT",
    ]
