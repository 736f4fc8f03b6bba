"""Log lines carry the id under which the gateway asked, and nothing else that came from outside."""

from __future__ import annotations

import logging

import pytest

from swf_monitor.request_log import RequestLog, WithRequestId
from tests.monitor.test_server import ask

LOG = logging.getLogger("tests.of.the.monitor")


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    caplog.set_level(logging.INFO)
    caplog.handler.addFilter(WithRequestId())
    caplog.handler.setFormatter(logging.Formatter("%(name)s %(request_id)s: %(message)s"))
    return []


async def answering(scope: object, receive: object, send: object) -> None:
    LOG.warning("inside")
    await send({"type": "http.response.start", "status": 204, "headers": []})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]


async def test_each_line_of_a_request_has_the_id_that_came_with_it(
    lines: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    await ask("/swf-monitor/panda/", RequestLog(answering), x_request_id="0123456789abcdef")
    inside, access = caplog.text.splitlines()
    assert inside == "tests.of.the.monitor 0123456789abcdef: inside"
    assert access.startswith("swf_monitor.access 0123456789abcdef: GET /swf-monitor/panda/ 204 total_ms=")


@pytest.mark.parametrize("given", ["short", "with space in it", "x" * 129, "new\nline-of-somebody"])
async def test_an_id_that_could_pass_for_something_else_is_not_written(
    given: str, lines: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    await ask("/swf-monitor/\n", RequestLog(answering), x_request_id=given)
    assert [line.split(" ")[1] for line in caplog.text.splitlines()] == ["-:", "-:"]
    assert "GET /swf-monitor/\\n 204" in caplog.text


async def test_a_request_that_fails_has_its_line_too(lines: list[str], caplog: pytest.LogCaptureFixture) -> None:
    async def failing(scope: object, receive: object, send: object) -> None:
        raise RuntimeError("of the test")

    with pytest.raises(RuntimeError):
        await ask("/swf-monitor/", RequestLog(failing), x_request_id="0123456789abcdef")
    assert "swf_monitor.access 0123456789abcdef: GET /swf-monitor/ - total_ms=" in caplog.text
