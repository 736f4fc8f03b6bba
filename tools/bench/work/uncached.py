"""Sixty-four clients, 60 kB each, no address asked for twice: how fast answers pass."""

from __future__ import annotations

from pathlib import Path

from ..contestants import Bench, Contestant
from ..figures import percent, times
from ..rows import Row, at_least, told
from ..wrk import Load, load

CLIENTS = 64
PAGE = "/prod/panda/jobs/?n="
PICTURE = "/prod/static/images/site.png?n="
# The shipped table keeps answers; this one does not, as nginx without a cache.
NOT_KEPT = """routes = [
  { path = "static/**", methods = "GET HEAD", kind = "static", cache = "none", rewriting = "none" },
  { path = "**", cache = "none" },
]
"""


async def measure(bench: Bench) -> list[Row]:
    """Against nginx and the plain gateway; the gateway with its shipped table, and with one that keeps nothing."""
    async with bench.nginx() as contestant:
        nginx = await _both(bench, contestant)
    async with bench.naive() as contestant:
        naive = await _both(bench, contestant)
    async with bench.gateway("tls") as contestant:
        by_tls = await _both(bench, contestant)
    async with bench.gateway() as contestant:
        ours = await _both(bench, contestant)
    rows = _rows(ours, by_tls, nginx, naive)
    return rows if bench.quick else [*rows, *await _further(bench, nginx, by_tls)]


async def _further(bench: Bench, nginx: list[Load], by_tls: list[Load]) -> list[Row]:
    """Of which nothing is asked: a table that keeps nothing, and the cheapest gateway of one connection per request."""
    async with bench.gateway(routes=_table(bench.folder)) as contestant:
        passing = await _both(bench, contestant)
    async with bench.naive(client="plain") as contestant:
        cheap = await _both(bench, contestant)
    return [*_passing(passing, nginx), *_cheap(by_tls, cheap)]


def _rows(ours: list[Load], by_tls: list[Load], nginx: list[Load], naive: list[Load]) -> list[Row]:
    rows = []
    words = ("bodies that are not rewritten", "pages that are rewritten")
    for name, what, least, own, tls, base, plain in zip(
        ("plain", "html"), words, (20, 4), ours, by_tls, nginx, naive, strict=True
    ):
        rows += [
            at_least(
                f"uncached.{name}",
                f"{CLIENTS} clients, {what}, requests/s against nginx proxy_pass",
                percent(own.rate, base.rate),
                "%",
                limit=least,
                against=f"nginx {base.words}; gateway {own.words}",
            ),
            at_least(
                f"uncached.{name}.naive",
                "the same against the plain gateway, monitor by TLS",
                times(tls.rate, plain.rate),
                "times",
                limit=8,
                against=f"naive {plain.words}; gateway {tls.words}",
            ),
        ]
    return rows


def _passing(ours: list[Load], nginx: list[Load]) -> list[Row]:
    return [
        told(
            f"uncached.{name}.not-kept",
            "the same with a table that keeps nothing, against nginx proxy_pass",
            percent(own.rate, base.rate),
            "%",
            against=f"gateway {own.words}",
        )
        for name, own, base in zip(("plain", "html"), ours, nginx, strict=True)
    ]


def _cheap(by_tls: list[Load], cheap: list[Load]) -> list[Row]:
    return [
        told(
            f"uncached.{name}.naive.cheap",
            "the same against a plain gateway with the standard library's client, monitor by TLS",
            times(own.rate, base.rate),
            "times",
            against=f"naive {base.words}",
        )
        for name, own, base in zip(("plain", "html"), by_tls, cheap, strict=True)
    ]


async def _both(bench: Bench, contestant: Contestant) -> list[Load]:
    """A body that is not rewritten, and one that is."""
    found = []
    for number, target in enumerate((PICTURE, PAGE)):
        for seconds, first in ((1, 0), (bench.span(2, 10), 1_000_000)):
            seen = await load(
                contestant,
                target,
                readers=CLIENTS,
                seconds=seconds,
                folder=bench.folder,
                counted=True,
                first=first + 2_000_000 * number,
            )
        found.append(seen)
    return found


def _table(folder: Path) -> Path:
    path = folder / "not-kept.toml"
    path.write_text(NOT_KEPT)
    return path
