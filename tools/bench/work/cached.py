"""A cached page at 200 requests a second: what the gateway adds to the monitor's own answer."""

from __future__ import annotations

from ..clients import Crowd, Question, seconds_of
from ..contestants import Bench
from ..figures import Latency
from ..rows import Row, at_most

RATE = 200
PAGE = "/prod/panda/jobs/"
HEADERS = {"Accept": "text/html", "Accept-Encoding": "gzip"}


async def measure(bench: Bench) -> list[Row]:
    """Against asking the monitor's stand-in itself, without a link."""
    cookies = await bench.sign_in()
    seconds = bench.span(4, 20)
    direct = await _paced(bench.far.ports["plain"], seconds, "/swf-monitor/panda/jobs/", [])
    rows: list[Row] = []
    async with bench.gateway() as contestant:
        for name, words, given in (("anonymous", "anonymous", []), ("signed-in", "signed in", cookies)):
            await _paced(contestant.port, 1, PAGE, given)
            got = await _paced(contestant.port, seconds, PAGE, given)
            rows += _rows(name, words, got, direct)
    return rows


def _rows(name: str, words: str, got: Latency, direct: Latency) -> list[Row]:
    what = f"added by the gateway to a cached page at {RATE} requests/s, {words}"
    rows = []
    for part, limit, value, base in (("p50", 2, got.p50, direct.p50), ("p99", 8, got.p99, direct.p99)):
        rows.append(
            at_most(
                f"cached.{name}.{part}",
                f"{part} {what}",
                max(value - base, 0.0),
                "ms",
                limit=limit,
                against=f"direct {base:.2f} ms",
            )
        )
    return rows


async def _paced(port: int, seconds: float, target: str, cookies: list[str]) -> Latency:
    crowd = Crowd(port)

    def question(number: int) -> Question:
        own = {"Cookie": cookies[number % len(cookies)]} if cookies else {}
        return Question(target, headers=HEADERS | own)

    try:
        return Latency.of(seconds_of(await crowd.pace(RATE, seconds, question)))
    finally:
        crowd.close()
