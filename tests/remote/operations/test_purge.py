"""``swf-remote purge`` as an operator meets it: running gateways forget, and nothing else does."""

from __future__ import annotations

import asyncio
import subprocess
from io import StringIO
from pathlib import Path

import aiohttp
import pytest
from django.core.management import CommandError, call_command

from swf_remote.edge.shared_memory import FOLDER
from tests.remote.caching.monitors import Monitor, page
from tests.remote.caching.readers import NOBODY, reader
from tests.remote.caching.redis_servers import host, redis_server, two_hosts
from tests.remote.edge.monitors import for_readers
from tests.remote.edge.test_serving import PROGRAM, environment, serving
from tests.remote.gateways import Gateway, free_port
from tests.remote.upstream.scripted import scripted

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

JOBS, TASKS, TAGS = "/prod/panda/jobs/", "/prod/panda/tasks/", "/prod/pcs/tags/"


def counting() -> Monitor:
    """A monitor whose pages are fresh for long, and each tells its number."""
    numbers = iter(range(10_000))
    return Monitor(says=lambda _head: page(b"<p>number %d</p>" % next(numbers), Cache_Control="max-age=600"))


def number_in(text: str) -> int:
    return int(text.partition("<p>number ")[2].partition("<")[0])


async def purge(*arguments: str) -> str:
    told = StringIO()
    await asyncio.to_thread(call_command, "purge", *arguments, stdout=told)
    return told.getvalue()


async def results(gateway: Gateway, *asked: tuple[str, dict[str, str]]) -> list[str]:
    return [(await gateway.ask(target, headers=headers)).headers["X-SWF-Cache"] for target, headers in asked]


@pytest.mark.parametrize(
    ("arguments", "forgotten"),
    [
        (["--route", "panda/jobs/"], ["jobs", "jobs of a day"]),
        (["--route", "/prod/panda/jobs/?days=3"], ["jobs", "jobs of a day"]),
        (["--route", "panda/**"], ["jobs", "jobs of a day"]),
        (["--route", "pcs/**"], ["tags", "tags of alice"]),
        (["--user", "alice"], ["tags of alice"]),
        (["--user", "bob"], []),
        (["--route", "panda/tasks/", "--user", "alice"], ["tasks", "tags of alice"]),
        (["--all"], ["jobs", "jobs of a day", "tasks", "tags", "tags of alice"]),
    ],
    ids=str,
)
async def test_what_is_named_is_forgotten_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], forgotten: list[str]
) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    alice = await reader("alice")
    asked = {
        "jobs": (JOBS, NOBODY),
        "jobs of a day": (f"{JOBS}?days=1", NOBODY),
        "tasks": (TASKS, NOBODY),
        "tags": (TAGS, NOBODY),
        "tags of alice": (TAGS, alice),
    }
    async with scripted([for_readers(counting().step)]) as seen, host(seen.url, "") as gateway:
        await results(gateway, *asked.values())
        told = await purge(*arguments)
        found = await results(gateway, *asked.values())
        assert [name for name, result in zip(asked, found, strict=True) if result != "hit"] == forgotten
        assert "purged: " in told
        assert f"told: the gateway of this host ({tmp_path})" in told
        assert await purge(*arguments) == told


async def test_all_workers_of_a_host_forget(tmp_path: Path) -> None:
    shared = {FOLDER: str(tmp_path / "shared")}
    async with scripted([for_readers(counting().step)]) as seen:
        settings = {"MONITOR_URL": seen.url, "CACHE_BYTES": "1000000"}
        starting = serving(tmp_path, "--workers", "2", further=shared, **settings)
        port, _process = await asyncio.to_thread(starting.__enter__)
        try:
            before = [await fetched(port) for _ in range(20)]
            named = environment(tmp_path, **settings) | shared
            done = await asyncio.to_thread(run_purge, named, "--route", "panda/**")
            after = [await fetched(port) for _ in range(20)]
        finally:
            await asyncio.to_thread(starting.__exit__, None, None, None)
    assert (done.returncode, done.stderr) == (0, "")
    assert min(after) > max(before)


async def fetched(port: int) -> int:
    """The page's number, over a connection of its own: any worker may answer."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{JOBS}") as reply:
        return number_in(await reply.text())


def run_purge(values: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, "purge", *arguments], env=values, capture_output=True, text=True, timeout=60, check=False
    )


async def test_all_hosts_forget_where_they_share_a_redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("swf_remote.proxy.caching.redis_link.ANSWER_SECONDS", 10.0)
    with redis_server(tmp_path) as redis:
        async with two_hosts(counting(), redis.url) as (one, other):
            for gateway in (one, other):
                await results(gateway, (JOBS, NOBODY), (TASKS, NOBODY))
            values = environment(tmp_path, REDIS_URL=redis.url)
            done = await asyncio.to_thread(run_purge, values, "--route", "panda/jobs/")
            assert (done.returncode, done.stderr) == (0, "")
            assert "told: 2 gateway(s) over Redis" in done.stdout
            assert await results(other, (JOBS, NOBODY), (TASKS, NOBODY)) == ["miss", "hit"]
            assert number_in((await one.ask(JOBS, headers=NOBODY)).text) > 1


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "say what to forget"),
        (["--route", "panda/nothing/**"], "no row of the table"),
        (["--route", "users/"], "not shown outside"),
        (["--route", "panda/%2e%2e/"], "panda/%2e%2e/:"),
    ],
    ids=str,
)
def test_what_cannot_be_purged_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], why: str
) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    with pytest.raises(CommandError, match=why):
        call_command("purge", *arguments)
    assert not list(tmp_path.iterdir())


def test_it_fails_where_no_gateway_is_named(tmp_path: Path) -> None:
    done = run_purge(environment(tmp_path), "--all")
    assert (done.returncode, done.stdout) == (1, "")
    assert FOLDER in done.stderr


def test_it_fails_where_redis_does_not_answer(tmp_path: Path) -> None:
    done = run_purge(environment(tmp_path, REDIS_URL=f"redis://127.0.0.1:{free_port()}/0"), "--all")
    assert (done.returncode, done.stdout) == (1, "")
    assert "nothing was purged" in done.stderr
