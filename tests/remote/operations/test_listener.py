"""The listening socket at its end: who is connected is heard, nobody else gets in."""

from __future__ import annotations

import socket
import sys
from contextlib import ExitStack

import pytest

from swf_remote.operations.listener import AddressError, let_nobody_in, listener_at

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's packet filter is Linux's")


@ON_LINUX
def test_who_waits_to_be_accepted_is_heard_and_nobody_else_gets_in() -> None:
    with listener_at("127.0.0.1", 0) as listener, ExitStack() as sockets:
        listener.listen()
        waiting = [sockets.enter_context(socket.create_connection(listener.getsockname())) for _ in range(3)]
        let_nobody_in(listener)
        with pytest.raises(TimeoutError):
            socket.create_connection(listener.getsockname(), timeout=0.3)
        for number, client in enumerate(waiting):
            accepted = sockets.enter_context(listener.accept()[0])
            client.sendall(b"%d" % number)
            assert accepted.recv(1) == b"%d" % number
            accepted.sendall(b"answer")
            assert client.recv(6) == b"answer"
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


@ON_LINUX
def test_all_who_share_the_socket_let_nobody_in() -> None:
    with listener_at("127.0.0.1", 0) as listener, listener.dup() as other:
        listener.listen()
        let_nobody_in(other)
        with pytest.raises(TimeoutError):
            socket.create_connection(listener.getsockname(), timeout=0.3)


@pytest.mark.parametrize(("host", "port", "option"), [("no.such.name.invalid", 0, "--host"), ("127.0.0.1", -1, "--")])
def test_an_address_that_cannot_be_listened_on_is_told_with_the_option(host: str, port: int, option: str) -> None:
    with pytest.raises(AddressError, match=option):
        listener_at(host, port)
