"""The far side as a process: the monitor's stand-in, plain and by TLS, each also behind a link.

``python -m tools.bench.far_side CERTIFICATE`` prints its ports as a line of JSON, then answers each line of its input,
a command in JSON, by one line; it ends with its input.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from dataclasses import asdict
from typing import Any

import uvloop

from .link import Counts, Link
from .origin import Connection, Origin

LONGEST_COMMAND = 1 << 16


class FarSide:
    """Origin and links of one process."""

    def __init__(self, certificate: str) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._origin = Origin()
        self._links: list[Link] = []

    async def open(self) -> dict[str, int]:
        """Listen; the ports by name."""
        loop = asyncio.get_running_loop()
        ports = {}
        for name, context in (("plain", None), ("tls", self._context)):
            server = await loop.create_server(
                lambda: Connection(self._origin), "127.0.0.1", 0, ssl=context, backlog=1024
            )
            ports[name] = int(server.sockets[0].getsockname()[1])
            link = Link(ports[name], rtt=0.0, bits_per_second=None)
            await link.open()
            ports[f"linked_{name}"] = link.port
            self._links.append(link)
        return ports

    async def do(self, command: dict[str, Any]) -> dict[str, Any]:
        """One command; its method is named ``do_<name>``."""
        name = command.pop("do")
        answer = await getattr(self, f"do_{name}")(**command)
        return answer or {}

    async def do_figures(self) -> dict[str, Any]:
        """What was asked and what went over the links since this was last asked for."""
        links = [link.counts for link in self._links]
        told = {
            "asked": dict(self._origin.asked),
            "received": self._origin.received,
            "listeners": len(self._origin.listeners),
            "links": {name: sum(asdict(counts)[name] for counts in links) for name in asdict(links[0])},
        }
        self._origin.asked.clear()
        self._origin.received = 0
        for link in self._links:
            link.counts = Counts(open=link.counts.open)
        return told

    async def do_link(self, rtt: float, megabits: float | None = None) -> None:
        """Another round-trip time in seconds, another bandwidth."""
        for link in self._links:
            link.set(rtt=rtt, bits_per_second=megabits * 1e6 if megabits else None)

    async def do_cut(self) -> None:
        """Refuse and break every connection."""
        for link in self._links:
            link.cut()

    async def do_silence(self) -> None:
        """Let nothing arrive."""
        for link in self._links:
            link.silent = True

    async def do_mend(self) -> None:
        """The links work again; what stood during a silence is broken, as by a tunnel that starts anew."""
        for link in self._links:
            link.reset_share = 0.0
            if link.silent:
                link.silent = False
                link.drop()
            await link.open()

    async def do_resets(self, share: float) -> None:
        """Break off this share of the answers."""
        for link in self._links:
            link.reset_share = share

    async def do_publish(self) -> None:
        """Send one event to every listener."""
        self._origin.publish()


async def _serve(certificate: str) -> None:
    far = FarSide(certificate)
    reader = asyncio.StreamReader(limit=LONGEST_COMMAND)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print(json.dumps(await far.open()), flush=True)
    while line := await reader.readline():
        print(json.dumps(await far.do(json.loads(line))), flush=True)


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1]))
