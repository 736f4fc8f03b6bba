"""The listening socket: bound once, shared by all generations, and closed so that nobody who is connected is lost.

Connections that nobody accepted yet are reset when the last process closes the socket. So Linux is told first to let
no further ones begin; workers then accept what there is. Whoever comes meanwhile tries again a second later, by itself,
and finds the next gateway, or a closed port.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
from contextlib import suppress

# linux/asm-generic/socket.h; Python has no name for it.
SO_ATTACH_FILTER = 26
# A program for the kernel's packet filter (linux/filter.h: code, jump if true, jump if false, constant). It sees the
# TCP header and drops what begins a connection: SYN without ACK. Handshakes under way go on.
_NO_NEWCOMERS = (
    (0x30, 0, 0, 13),  # load the byte of flags
    (0x54, 0, 0, 0x12),  # of them SYN and ACK
    (0x15, 0, 1, 0x02),  # SYN alone?
    (0x06, 0, 0, 0),  # then nothing of the packet is kept
    (0x06, 0, 0, 0xFFFFFFFF),  # else all of it
)


class AddressError(Exception):
    """Nobody can listen there; the text says why and what to do."""


def listener_at(host: str, port: int) -> socket.socket:
    """A socket bound to this address.

    Raises:
        AddressError: it cannot be bound.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, OverflowError):
        raise AddressError(f"cannot listen on {host}:{port}: no such address; choose another with --host") from None
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise AddressError(f"cannot listen on {address[0]}:{port} ({reason}); choose another with --port") from None
    return listener


def let_nobody_in(listener: socket.socket) -> None:
    """No further connection begins in any process that shares the socket; where that cannot be had, a few may."""
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in _NO_NEWCOMERS))
    with suppress(OSError):
        listener.setsockopt(
            socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", len(_NO_NEWCOMERS), ctypes.addressof(program))
        )
