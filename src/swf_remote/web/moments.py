"""Times and durations in words: always with the zone, relative beside absolute (never only one of them)."""

from datetime import UTC, datetime, timedelta


def stamp(when: datetime) -> str:
    """`2026-11-23 14:03 UTC`."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def clock(when: datetime) -> str:
    """`14:03:20 UTC`, for "as of" lines."""
    return f"{when.astimezone(UTC):%H:%M:%S} UTC"


def iso(when: datetime) -> str:
    """`2026-11-23T14:03:20Z`, for programs."""
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def ago(when: datetime, now: datetime | None = None) -> str:
    """`12 min ago`; a moment that lies ahead, as with a clock set wrong, is `just now`."""
    passed = (now or datetime.now(UTC)) - when
    return "just now" if passed < timedelta(seconds=1) else f"{duration(passed)} ago"


def duration(passed: timedelta) -> str:
    """One unit below an hour (`42 s`, `12 min`), two above it (`3 h 4 min`, `2 d 3 h`)."""
    seconds = max(int(passed.total_seconds()), 0)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 1:
        return f"{seconds} s"
    if hours < 1:
        return f"{minutes} min"
    return _two(hours, "h", minutes % 60, "min") if days < 1 else _two(days, "d", hours % 24, "h")


def _two(large: int, unit: str, small: int, small_unit: str) -> str:
    return f"{large} {unit} {small} {small_unit}" if small else f"{large} {unit}"
