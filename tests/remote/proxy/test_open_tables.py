"""What an operator's own table may allow that the shipped one never does: anybody's writes, and any header."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from swf_remote.edge.problem import ProblemError
from swf_remote.operations.checks import table_warnings
from swf_remote.operations.exposure_words import cells
from swf_remote.proxy.policy import admission
from swf_remote.proxy.policy.admission import Admission, admit
from swf_remote.proxy.policy.exposure_file import ExposureError, parsed, read_exposure
from swf_remote.proxy.policy.routes import Decision, Route
from swf_remote.proxy.policy.rows import EVERY
from swf_remote.proxy.request import upstream_request
from swf_remote.proxy.sites import Sites

OPEN = """routes = [
  { path = "**", headers = "*" },
  { path = "**", methods = "write", anonymous_writes = true },
]"""
SITES = Sites()


@pytest.fixture
async def open_table(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    table = parsed(OPEN)

    def decide(method: str, path: str, query: bytes) -> Decision:
        return table.decide(method, path, query)

    monkeypatch.setattr(admission, "decide", decide)
    yield


async def nobody(_cookies: str | None, *, fresh: bool = False) -> None:
    """No reader is ever signed in; a writer need not even be looked up."""
    assert not fresh


async def admitted(method: str, path: bytes) -> Admission:
    headers = [(b"host", b"gateway.example"), (b"origin", b"https://elsewhere.example")]
    return await admit(method, path, headers, mount="/prod", public_url="", look_up=nobody)


def sent(route: Route, **fields: str) -> dict[str, str]:
    headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
    request = upstream_request(
        "GET", b"/prod/x", b"", headers, route=route, sites=SITES, remote_user=None, host="monitor.example"
    )
    return dict(request.headers)


def test_the_shipped_table_lets_nobody_write_without_a_name_and_no_header_by_default() -> None:
    routes = read_exposure().routes
    assert not any(route.anonymous_writes for route in routes)
    assert not any(EVERY in route.headers for route in routes)
    assert table_warnings(read_exposure()) == []


@pytest.mark.usefixtures("open_table")
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_row_may_let_anybody_on_any_site_write_under_no_name(method: str) -> None:
    found = await admitted(method, b"/prod/test/1")
    assert (found.writes, found.reader, found.remote_user) == (True, None, None)


@pytest.mark.usefixtures("open_table")
@pytest.mark.parametrize("path", [b"/prod/admin/x/", b"/prod/api/state/x/", b"/prod/panda/users/"])
async def test_such_a_row_does_not_open_the_floor(path: bytes) -> None:
    with pytest.raises(ProblemError) as refused:
        await admitted("POST", path)
    assert refused.value.problem.status == 403


@pytest.mark.usefixtures("open_table")
async def test_a_read_that_changes_something_is_no_anonymous_write() -> None:
    with pytest.raises(ProblemError) as refused:
        await admitted("GET", b"/prod/pcs/tasks/a/commands/")
    assert refused.value.problem.kind == "cross-origin"


@pytest.mark.parametrize(
    "row",
    [
        '{ path = "x/", anonymous_writes = true }',
        '{ path = "x/", methods = "write", anonymous_writes = true, who = "login" }',
        '{ path = "x/", methods = "write", anonymous_writes = true, identity = "reader" }',
        '{ path = "x/", methods = "write", anonymous_writes = "yes" }',
        '{ path = "x/", methods = "write" }',
        '{ path = "x/", headers = "* accept" }',
        '{ path = "x/", headers = "cookie" }',
    ],
)
def test_a_row_that_contradicts_itself_is_refused(row: str) -> None:
    with pytest.raises(ExposureError):
        parsed(f"routes = [{row}]")


def test_any_header_passes_but_those_that_name_somebody_or_say_how_a_message_is_sent() -> None:
    route = parsed(OPEN).routes[0]
    told = sent(route, foo="1", req_num="2", pragma="no-cache", dnt="1")
    assert {"foo": "1", "req-num": "2", "pragma": "no-cache", "dnt": "1"}.items() <= told.items()
    kept_back = sent(
        route,
        cookie="a=b",
        authorization="Token x",
        x_remote_user="alice",
        remote_user="alice",
        x_forwarded_for="127.0.0.1",
        forwarded="for=127.0.0.1",
        x_real_ip="127.0.0.1",
        via="1.1 x",
        proxy_authorization="x",
        connection="close",
        upgrade="h2c",
        content_length="7",
    )
    assert set(kept_back) == {"host", "accept-encoding"}


def test_without_the_word_only_named_headers_pass() -> None:
    route = parsed('routes = [{ path = "**", headers = "foo" }]').routes[0]
    told = sent(route, foo="1", bar="2")
    assert told["foo"] == "1"
    assert "bar" not in told


def test_both_are_loud_warnings_that_name_the_row() -> None:
    warnings = table_warnings(parsed(OPEN))
    assert [(one.id, one.msg.split(" in row ")[1]) for one in warnings] == [
        ("swf_remote.W004", "2 (**)."),
        ("swf_remote.W005", "1 (**)."),
    ]
    assert "ANYBODY" in warnings[0].msg


def test_the_table_in_words_says_so_too() -> None:
    reading, writing = (cells(route)[-1] for route in parsed(OPEN).routes)
    assert "all headers that may pass" in reading
    assert "ANYBODY MAY WRITE" in writing
    assert "same origin only" not in writing


def test_lifetimes_are_numbers_of_seconds_of_rows_that_are_kept(tmp_path: Path) -> None:
    file = tmp_path / "table.toml"
    file.write_text('routes = [{ path = "x/", lifetime = 0, longest = 2.5 }]')
    route = read_exposure(file).routes[0]
    assert (route.lifetime, route.longest) == (0.0, 2.5)
    for wrong in ("lifetime = -1", 'lifetime = "10"', "longest = true", 'lifetime = 1, cache = "none"'):
        with pytest.raises(ExposureError):
            parsed(f'routes = [{{ path = "x/", {wrong} }}]')
