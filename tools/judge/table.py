"""Verdicts for people: each night in lines, all of them as the tables of ``docs/alarms.md``. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tools.judge.verdicts import KIND_OF, Found, Night, score

NONE = "-"


def is_good(night: Night) -> bool:
    """Every fault in time, nothing wrong, everything evaluated; and nothing at all where there is no fault."""
    in_time = all(one.in_time for one in night.faults())
    wrong = any(one.verdict == "wrong" for one in night.fired)
    return in_time and not wrong and not night.failed


def words(night: Night) -> str:
    """A night, line by line."""
    return "\n".join((f"{night.truth.name}, seed {night.truth.seed}: {night.messages} messages", *_lines(night)))


def _lines(night: Night) -> Iterator[str]:
    for one in night.faults():
        yield f"  {one.fault.kind} {one.fault.subject}: {_when(one)}"
    for event in night.fired:
        if event.verdict != "right":
            yield f"  {event.verdict}: {event.at:%H:%M} {event.alarm} {event.fingerprint}: {event.words}"
    for alarm, error in night.failed.items():
        yield f"  not evaluated: {alarm}: {error}"


def _when(found: Found) -> str:
    late = found.minutes_late
    if late is None:
        return "MISSED"
    return f"found, {late:+d} min{'' if found.in_time else ' LATE'}"


def summary(nights: Sequence[Night]) -> str:
    """Two tables in Markdown: by night, and by alarm."""
    return "\n".join((*_by_night(nights), "", *_by_alarm(nights)))


def _by_night(nights: Sequence[Night]) -> Iterator[str]:
    yield "| night | alarm | faults | within two ticks | latest, min | right | consequence | wrong |"
    yield "|---|---|---|---|---|---|---|---|"
    for name in dict.fromkeys(night.truth.name for night in nights):
        some = [night for night in nights if night.truth.name == name]
        alarms = sorted(
            {alarm for alarm, kind in KIND_OF.items() for night in some for f in night.faults() if f.fault.kind == kind}
            | {event.alarm for night in some for event in night.fired}
        )
        for alarm in alarms or [NONE]:
            got = score(some, alarm)
            counts = " | ".join(str(got.count(one)) for one in ("right", "consequence", "wrong"))
            latest = NONE if got.latest is None else got.latest
            yield f"| {name} | {alarm} | {len(got.faults)} | {got.in_time} | {latest} | {counts} |"


def _by_alarm(nights: Sequence[Night]) -> Iterator[str]:
    yield "| alarm | recall | precision |"
    yield "|---|---|---|"
    for alarm in (*KIND_OF, None):
        got = score(nights, alarm)
        judged = got.count("right") + got.count("wrong")
        recall = NONE if got.recall is None else f"{got.in_time}/{len(got.faults)} = {got.recall:.2f}"
        precision = NONE if got.precision is None else f"{got.count('right')}/{judged} = {got.precision:.2f}"
        yield f"| {alarm or 'all'} | {recall} | {precision} |"
