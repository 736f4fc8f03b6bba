"""Two hundred readers on one page of 60 kB that is kept for ten seconds."""

from __future__ import annotations

import math

from ..contestants import Bench, Contestant
from ..figures import percent, times
from ..rows import Row, at_least, at_most, told
from ..wrk import Load, load

READERS = 200
LIFETIME = 10.0
WARM_SECONDS = 1
PAGE = "/prod/panda/jobs/"
ASKED = "/panda/jobs/"


async def measure(bench: Bench) -> list[Row]:
    """Against nginx with its cache, the same with replacing, and the plain gateway."""
    cookies = await bench.sign_in()
    seconds = bench.span(3, 12)
    async with bench.nginx(cache=True) as contestant:
        plain = await _load(bench, contestant, seconds)
    async with bench.nginx(cache=True, replace=True) as contestant:
        replaced = await _load(bench, contestant, seconds)
    async with bench.naive() as contestant:
        naive = await _load(bench, contestant, seconds)
    async with bench.gateway() as contestant:
        await bench.far.do("figures")
        ours = await _load(bench, contestant, seconds)
        asked = (await bench.far.do("figures"))["asked"].get(ASKED, 0)
        signed = await _load(bench, contestant, seconds, cookies=cookies)
    lifetimes = math.ceil((WARM_SECONDS + seconds) / LIFETIME)
    rows = [
        at_most(
            "readers.upstream",
            "requests to the monitor for that page in each lifetime",
            asked / lifetimes,
            "requests",
            limit=1,
            against=f"{ours.requests:,} by readers",
        ),
        *_shares(ours, signed, plain, replaced),
        at_least(
            "readers.naive",
            "the same, anonymous, against the plain gateway (its monitor by TLS, as today)",
            times(ours.rate, naive.rate),
            "times",
            limit=20,
            against=f"naive {naive.words}; gateway {ours.words}",
        ),
    ]
    return rows if bench.quick else [*rows, *await _further(bench, seconds, ours)]


async def _further(bench: Bench, seconds: float, ours: Load) -> list[Row]:
    """Of which nothing is asked: compressed answers, and the cheapest gateway of one connection per request."""
    async with bench.nginx(cache=True) as contestant:
        nginx = await _load(bench, contestant, seconds, gzip=True)
    async with bench.gateway() as contestant:
        packed = await _load(bench, contestant, seconds, gzip=True)
    async with bench.naive(client="plain") as contestant:
        cheap = await _load(bench, contestant, seconds)
    return [
        told(
            "readers.gzip",
            "the same, anonymous, answers compressed, against nginx proxy_cache",
            percent(packed.rate, nginx.rate),
            "%",
            against=f"nginx {nginx.words}; gateway {packed.words}",
        ),
        told(
            "readers.naive.cheap",
            "the same, not compressed, against a plain gateway with the standard library's client",
            times(ours.rate, cheap.rate),
            "times",
            against=f"naive {cheap.words}",
        ),
    ]


def _shares(ours: Load, signed: Load, plain: Load, replaced: Load) -> list[Row]:
    what = "200 readers on a page, requests/s against"
    return [
        at_least(
            "readers.anonymous",
            f"{what} nginx proxy_cache, anonymous",
            percent(ours.rate, plain.rate),
            "%",
            limit=25,
            against=f"nginx {plain.words}; gateway {ours.words}",
        ),
        at_least(
            "readers.signed-in",
            f"{what} nginx proxy_cache, signed in",
            percent(signed.rate, plain.rate),
            "%",
            limit=10,
            against=f"nginx {plain.words}; gateway {signed.words}",
        ),
        at_least(
            "readers.replaced",
            f"{what} nginx proxy_cache + sub_filter, anonymous",
            percent(ours.rate, replaced.rate),
            "%",
            limit=50,
            against=f"nginx {replaced.words}; gateway {ours.words}",
        ),
    ]


async def _load(
    bench: Bench, contestant: Contestant, seconds: float, *, cookies: list[str] | None = None, gzip: bool = False
) -> Load:
    await load(
        contestant, PAGE, readers=READERS, seconds=WARM_SECONDS, folder=bench.folder, cookies=cookies or (), gzip=gzip
    )
    return await load(
        contestant, PAGE, readers=READERS, seconds=seconds, folder=bench.folder, cookies=cookies or (), gzip=gzip
    )
