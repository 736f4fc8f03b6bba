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
    """These sockets and further descriptors of each; who closes them closes all."""
    return [each for one in sockets for each in (one, *(one.dup() for _ in range(DESCRIPTORS - 1)))]
