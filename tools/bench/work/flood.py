"""One address asks for a thousand new pages a second: what do the others feel?"""

from __future__ import annotations

import asyncio

from ..clients import Crowd, Outcome, Question, seconds_of
from ..contestants import Bench
from ..figures import Latency, times
from ..rows import Row, at_most, told
from .outage import warm
from .traffic import Traffic

RATE = 100
FLOOD = 1000
RTT = 0.020
ADDRESS = "203.0.113.9"


async def measure(bench: Bench) -> list[Row]:
    """The same readers with and without it; budgets of readers as shipped."""
    cookies = await bench.sign_in()
    seconds = bench.span(4, 20)
    await bench.far.do("link", rtt=RTT)
    try:
        async with bench.gateway("linked_plain", budgets="") as contestant:
            await warm(contestant)
            others, flooding = Crowd(contestant.port), Crowd(contestant.port, ADDRESS)
            try:
                await others.pace(RATE, 1, Traffic(cookies, "warm", writes=False).question)
                normal = await others.pace(RATE, seconds, Traffic(cookies, "normal", writes=False).question)
                flood = asyncio.ensure_future(flooding.pace(FLOOD, seconds + 2, _new_page))
                await asyncio.sleep(1)
                got = await others.pace(RATE, seconds, Traffic(cookies, "flood", writes=False).question)
                answers = await flood
            finally:
                others.close()
                flooding.close()
    finally:
        await bench.far.do("link", rtt=0.0)
    return _rows(normal, got, answers)


def _rows(normal: list[Outcome], got: list[Outcome], answers: list[Outcome]) -> list[Row]:
    before, after = Latency.of(seconds_of(normal)), Latency.of(seconds_of(got))
    refused = sum(one.reply is not None and one.reply.status == 429 for one in answers)
    failed = sum(one.reply is None or one.reply.status != 200 for one in got)
    return [
        at_most(
            "flood.p99",
            f"p99 of other readers while one address asks for {FLOOD:,} new pages a second",
            times(after.p99, before.p99),
            "times",
            limit=2,
            against=f"normal {before.p99:.1f} ms; with the flood {after.p99:.1f} ms",
        ),
        at_most("flood.failed", "other readers who were not answered", failed, "readers", limit=0),
        told(
            "flood.refused",
            "questions of the flood answered by 429",
            refused,
            "answers",
            against=f"of {len(answers):,}",
        ),
    ]


def _new_page(number: int) -> Question:
    return Question(f"/prod/panda/jobs/?flood={number}")
