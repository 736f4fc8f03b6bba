"""Listening sockets that take in new connections as fast as they come.

uvloop (0.22 and later) takes one connection per socket in each turn of its loop. While a flood makes turns long, new
readers would queue in the kernel behind the flood's connections; so each worker listens on several descriptors of
every socket.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable

# Each costs two microseconds per new connection, and takes in one more per turn of the loop.
DESCRIPTORS = 16


def listening(sockets: Iterable[socket.socket]) -> list[socket.socket]:
    """These sockets and further descriptors of each; who closes them closes all.

    None of them waits, not even for a moment: other workers share the socket, and one whose loop waited in it for a
    connection that somebody else took would stand still. A descriptor that Python makes takes over what the first one
    is known to do, so that has to be said before.
    """
    sockets = list(sockets)
    for one in sockets:
        one.setblocking(False)
    return [each for one in sockets for each in (one, *(one.dup() for _ in range(DESCRIPTORS - 1)))]
