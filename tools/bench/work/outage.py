"""The link is cut under load: who is answered, with what, and when all is well again."""

from __future__ import annotations

import asyncio
import time

from ..clients import Client, Crowd, Outcome
from ..contestants import Bench, Contestant
from ..figures import percent
from ..rows import Row, at_least, at_most, told
from . import traffic
from .traffic import Traffic, Verdict, judged

RATE = 100
RTT = 0.080
BEFORE_SECONDS = 3.0
AFTER_SECONDS = 7.0


async def measure(bench: Bench) -> list[Row]:
    """Refused connections; in a long run also a link that falls silent, as a tunnel does before anybody notices."""
    cookies = await bench.sign_in()
    await bench.far.do("link", rtt=RTT)
    try:
        async with bench.gateway("linked_tls") as contestant:
            await warm(contestant)
            verdict, lost = await _outage(bench, contestant, "cut", cookies, bench.span(10, 60))
            rows = _rows(verdict, lost)
            if not bench.quick:
                silent, _ = await _outage(bench, contestant, "silence", cookies, 20)
                rows.append(_silent_row(silent))
    finally:
        await bench.far.do("mend")
        await bench.far.do("link", rtt=0.0)
    return rows


def _rows(verdict: Verdict, lost: int) -> list[Row]:
    slowest = max(verdict.errors, default=0.0)
    return [
        at_least(
            "outage.cached",
            "readers of known pages who are answered while the link is cut",
            percent(verdict.answered, verdict.known),
            "%",
            limit=100,
            against=f"{verdict.known} asked",
        ),
        at_least(
            "outage.labelled",
            "of these answers, labelled with their age",
            percent(verdict.labelled, verdict.answered),
            "%",
            limit=100,
        ),
        at_most(
            "outage.errors",
            "the slowest clear error of the others",
            slowest,
            "s",
            limit=1,
            against=f"{len(verdict.errors)} were told",
        ),
        at_most("outage.untold", "others without a clear error", verdict.untold, "readers", limit=0),
        at_most(
            "outage.recovery", "after the link's return until nothing fails or is stale", verdict.recovery, "s", limit=5
        ),
        at_most("outage.others", "answers with another reader's name", verdict.others, "answers", limit=0),
        at_most("outage.lost", "writes that were called done and did not reach the monitor", lost, "writes", limit=0),
    ]


def _silent_row(silent: Verdict) -> Row:
    return told(
        "outage.silent",
        "the slowest clear error where the link falls silent instead",
        max(silent.errors, default=0.0),
        "s",
        against=f"{silent.answered} of {silent.known} known pages answered, {silent.untold} of the others told nothing "
        f"clear, recovery {silent.recovery:.1f} s",
    )


async def warm(contestant: Contestant) -> None:
    """Read every known page once."""
    client = Client(contestant.port)
    for number in range(traffic.PAGES):
        await client.ask(traffic.known_page(number), headers=traffic.HEADERS)
    client.close()


async def _outage(
    bench: Bench, contestant: Contestant, fault: str, cookies: list[str], seconds: float
) -> tuple[Verdict, int]:
    """What became of all readers, and how many writes were lost."""
    await bench.far.do("figures")
    crowd, readers = Crowd(contestant.port), Traffic(cookies, fault)
    try:
        loading = asyncio.ensure_future(crowd.pace(RATE, BEFORE_SECONDS + seconds + AFTER_SECONDS, readers.question))
        await asyncio.sleep(BEFORE_SECONDS)
        await bench.far.do(fault)
        cut = time.monotonic()
        await asyncio.sleep(seconds)
        await bench.far.do("mend")
        mended = time.monotonic()
        outcomes = await loading
    finally:
        crowd.close()
    arrived = (await bench.far.do("figures"))["asked"].get(traffic.WRITTEN_AT_MONITOR, 0)
    return judged(outcomes, cut, mended, bench.names()), max(0, _done(outcomes) - arrived)


def _done(outcomes: list[Outcome]) -> int:
    writes = (one.reply for one in outcomes if one.question.method == "POST")
    return sum(reply is not None and reply.status == 200 for reply in writes)
