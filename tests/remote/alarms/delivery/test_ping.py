"""The sign of life for a watcher outside."""

from __future__ import annotations

import logging
import time

import pytest

from swf_remote.alarms.delivery import ping as pinging
from swf_remote.alarms.delivery.ping import ping
from tests.remote.alarms.delivery.web_servers import HANG, RESET, answer, web_server


def test_a_good_tick_asks_for_the_address() -> None:
    with web_server() as watcher:
        ping(f"{watcher.url}/abc")
        assert [(post.method, post.target) for post in watcher.posts] == [("GET", "/hook/abc")]


def test_a_bad_tick_asks_for_the_address_and_fail() -> None:
    with web_server() as watcher:
        ping(f"{watcher.url}/abc/", good=False)
        assert [post.target for post in watcher.posts] == ["/hook/abc/fail"]


def test_without_an_address_nothing_happens(caplog: pytest.LogCaptureFixture) -> None:
    ping("")
    assert not caplog.records


@pytest.mark.parametrize("said", [answer(404), answer(302, "Location: /x"), RESET, b"nonsense"])
def test_a_watcher_that_fails_is_logged_without_the_secret_of_its_address(
    said: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with web_server([said]) as watcher:
        ping(f"{watcher.url}/secret")
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "secret" not in caplog.text


def test_a_watcher_that_says_nothing_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pinging, "SECONDS", 0.2)
    with web_server([HANG]) as watcher:
        begin = time.monotonic()
        ping(watcher.url)
        assert time.monotonic() - begin < 5
    assert "watcher" in caplog.text


def test_an_address_that_is_none_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    ping("nonsense")
    assert "was not told" in caplog.text
