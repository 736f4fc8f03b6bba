"""Readers of every kind at once, and what became of each of them while the link failed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..clients import Outcome, Question, Reply

PAGES = 20
LIFETIME = 10.0
WRITE = "/prod/pcs/bench/write/"
WRITTEN_AT_MONITOR = "/pcs/bench/write/"
HEADERS = {"Accept": "text/html"}
_NAME = re.compile(rb"reader\d{4}")


def known_page(number: int) -> str:
    """A page that everybody reads again and again."""
    return f"/prod/panda/jobs/?site=BNL_OSG_{number % PAGES}"


@dataclass
class Traffic:
    """Of ten readers seven read known pages, one does so signed in, one asks for something new, one writes."""

    cookies: Sequence[str]
    name: str = "a"
    """Tells the addresses of one traffic from those of another."""
    writes: bool = True
    _new: int = field(default=0, init=False)

    def question(self, number: int) -> Question:
        """The question of one reader."""
        kind = number % 10
        if kind < 7:
            return Question(known_page(number), headers=HEADERS)
        own = {"Cookie": self.cookies[number // 10 % len(self.cookies)]}
        if kind == 7:
            return Question(known_page(number // 10), headers=HEADERS | own)
        if kind == 8 or not self.writes:
            return Question(f"/prod/panda/tasks/?new={self.name}{number}", headers=HEADERS)
        fields = own | {
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        return Question(WRITE, "POST", fields, b"{}")


def is_known(question: Question) -> bool:
    """Whether it asks for a page that was read before."""
    return question.method == "GET" and "?site=" in question.target


def is_labelled(reply: Reply) -> bool:
    """Whether an answer tells its age: as stale, or by an age within the lifetime and its one extension."""
    age = reply.headers.get("age", "0")
    return reply.headers.get("x-swf-cache") == "stale" or (age.isdecimal() and int(age) <= 2 * LIFETIME)


def is_stale(reply: Reply) -> bool:
    """Whether the answer says that it is of before the link broke."""
    return reply.headers.get("x-swf-cache") == "stale"


def is_clear_error(reply: Reply) -> bool:
    """Whether it says that the monitor cannot be had now."""
    return reply.status in (502, 503, 504) and bool(reply.body)


def is_others(outcome: Outcome, names: Mapping[str, str]) -> bool:
    """Whether a page names another reader than the one who asked; `names`: the reader of each cookie."""
    if outcome.reply is None or outcome.question.method != "GET":
        return False
    cookie = (outcome.question.headers or {}).get("Cookie")
    allowed = {names[cookie].encode()} if cookie else set()
    return not set(_NAME.findall(outcome.reply.body)) <= allowed


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the readers of an outage."""

    known: int
    answered: int
    """Of the known pages."""
    labelled: int
    errors: list[float]
    """Seconds until each other reader was told a clear error."""
    untold: int
    """Other readers who were told something else, or nothing."""
    others: int
    """Answers with another reader's name."""
    recovery: float
    """Seconds from the link's return until nothing failed and nothing was stale any more."""


def judged(outcomes: Sequence[Outcome], cut: float, mended: float, names: Mapping[str, str]) -> Verdict:
    """What became of the readers between two moments, and after the second."""
    within = [one for one in outcomes if cut <= one.at < mended - 1]
    known = [one for one in within if is_known(one.question)]
    good = [one.reply for one in known if one.reply and one.reply.status == 200]
    rest = [one for one in within if not is_known(one.question)]
    errors = [one.seconds for one in rest if one.reply and is_clear_error(one.reply)]
    bad = [one.at - mended for one in outcomes if one.at >= mended and not _is_normal(one)]
    return Verdict(
        known=len(known),
        answered=len(good),
        labelled=sum(map(is_labelled, good)),
        errors=errors,
        untold=len(rest) - len(errors),
        others=sum(is_others(one, names) for one in outcomes),
        recovery=max(bad, default=0.0),
    )


def _is_normal(outcome: Outcome) -> bool:
    return outcome.reply is not None and outcome.reply.status == 200 and not is_stale(outcome.reply)
