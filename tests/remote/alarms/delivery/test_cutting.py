"""A server that answers drop by drop keeps nobody longer than allowed."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from swf_remote.alarms.delivery import smtp
from swf_remote.alarms.delivery.allowed import read_allowed
from swf_remote.alarms.delivery.connecting import anywhere
from swf_remote.alarms.delivery.cutting import Deadline
from swf_remote.alarms.delivery.smtp import MailServer
from swf_remote.alarms.delivery.transports import Parcel
from swf_remote.alarms.delivery.webhook import Webhooks
from tests.remote.alarms.delivery.news import NOW, mail_content


@contextmanager
def dripping(first: bytes) -> Iterator[int]:
    """A server that says this and then one byte after the other, never an end; its port."""
    listening = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            connection, _ = listening.accept()
            with connection:
                connection.sendall(first)
                while not done.wait(0.02):
                    connection.sendall(b"x")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        done.set()
        thread.join(10)
        listening.close()


def test_a_web_server_that_drips_is_cut_off() -> None:
    with dripping(b"HTTP/1.1 200 OK\r\nX: ") as port:
        url = f"http://127.0.0.1:{port}/"
        parcel = Parcel("d1", (url,), "s", {"body": "{}"}, NOW)
        result = Webhooks(read_allowed(f"http://127.0.0.1:{port}"), is_allowed=anywhere, seconds=0.3).deliver(parcel)
    # The status came through, and is all that counts.
    assert result.reached in ((), (url,))
    assert not result.refused


def test_a_web_server_that_drips_before_its_status_is_cut_off_and_tried_again() -> None:
    with dripping(b"") as port:
        url = f"http://127.0.0.1:{port}/"
        parcel = Parcel("d1", (url,), "s", {"body": "{}"}, NOW)
        result = Webhooks(read_allowed(f"http://127.0.0.1:{port}"), is_allowed=anywhere, seconds=0.3).deliver(parcel)
    assert not result.reached
    assert not result.refused
    assert result.detail


@pytest.mark.parametrize("first", [b"", b"220 "])
def test_a_mail_server_that_drips_is_cut_off_and_tried_again(first: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "TALK_SECONDS", 0.3)
    with dripping(first) as port:
        parcel = Parcel("d1", ("alice@lab.example",), "s", mail_content(), NOW)
        result = MailServer("127.0.0.1", port, "off", "gateway.example").deliver(parcel)
    assert not result.reached
    assert not result.refused
    assert result.detail


def test_a_deadline_that_is_extended_cuts_later() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, Deadline(0.05, lambda: ours) as deadline:
        deadline.extend(30)
        theirs.sendall(b"x")
        time.sleep(0.1)
        assert ours.recv(1) == b"x"
        theirs.sendall(b"y")
        assert ours.recv(1) == b"y"


def test_a_deadline_that_is_over_raises_before_anything_else_is_begun() -> None:
    with Deadline(0, lambda: None) as deadline, pytest.raises(TimeoutError):
        _ = deadline.left
