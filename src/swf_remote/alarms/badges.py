"""What the slots of proxied pages show of firing alarms: one line above the page, with a link to the alarm's own page.

The lines are made when the state changes, and looked up for each page. They stand in the monitor's own pages, so they
bring their style along and take colours that read on light and dark. Never by colour alone: shape, word and number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from swf_remote.web.addresses import own_url

TASK: Final = "task"
QUEUE: Final = "queue"
TASKS: Final = "tasks"
"""The slot of a page about all tasks: how many of them have firing alarms."""

SEVERITIES: Final = ("critical", "warning", "info")
"""The worst first; any other word counts as the last."""

_STYLE: Final = (
    "margin:0;padding:.5rem 1rem;background:{};color:#17202b;border-bottom:2px solid {};"
    "font:1rem/1.5 system-ui,sans-serif"
)
_COLOURS: Final = {
    "critical": ("#fbe1de", "#a61b14"),
    "warning": ("#fcebcb", "#7f4a00"),
    "info": ("#dceff8", "#07597f"),
}
# Firing is a filled bell. Drawn here: the page's own files are the monitor's.
_BELL: Final = mark_safe(
    '<svg aria-hidden="true" width="16" height="16" viewBox="0 0 16 16" fill="currentColor" '
    'style="vertical-align:-.125em"><path d="M8 1a1 1 0 0 0-1 1v.4A4.5 4.5 0 0 0 3.5 6.8V10L2 12v1h12v-1l-1.5-2V6.8'
    'A4.5 4.5 0 0 0 9 2.4V2a1 1 0 0 0-1-1zM6.3 14a1.8 1.8 0 0 0 3.4 0z"/></svg>'
)


class Firing(NamedTuple):
    """The firing alarms of one thing."""

    number: int
    """How many alarms fire for it."""
    severity: str
    """Of the worst of them, one of ``SEVERITIES``."""
    url: str
    """The page about them."""
    acknowledged: int = 0
    """For how many of them somebody has said to look after it."""


class Badges:
    """The lines for all that has a firing alarm, by slot and key."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str], bytes] = {}

    def replace(self, firing: Mapping[tuple[str, str], Firing]) -> None:
        """From now on these fire and no others.

        Args:
            firing: by slot and key, such as ``("task", "4711")`` or ``("queue", "BNL_OSG_1")``.
        """
        known = {place: one for place, one in firing.items() if one.number > 0}
        lines = {place: _line(_of_one(place[0], one), one.severity, one.url) for place, one in known.items()}
        if tasks := [one for (slot, _key), one in known.items() if slot == TASK]:
            worst = min((one.severity for one in tasks), key=_rank)
            lines[TASKS, ""] = _line(_of_tasks(tasks), worst, own_url("alarms/"))
        # In one step: whoever looks meanwhile sees all of one state.
        self._lines = lines

    def fill(self, slot: str, key: str) -> bytes:
        """HTML for the page in which this slot has this key; empty where nothing fires."""
        return self._lines.get((slot, key), b"")


def _of_one(slot: str, firing: Firing) -> str:
    what = "1 alarm fires" if firing.number == 1 else f"{firing.number} alarms fire"
    return f"{what} for this {slot}{_acknowledged(firing)}"


def _acknowledged(firing: Firing) -> str:
    if not firing.acknowledged:
        return ""
    return ", acknowledged" if firing.acknowledged >= firing.number else f", {firing.acknowledged} acknowledged"


def _of_tasks(tasks: list[Firing]) -> str:
    return "1 task has a firing alarm" if len(tasks) == 1 else f"{len(tasks)} tasks have firing alarms"


def _line(what: str, severity: str, url: str) -> bytes:
    ground, edge = _COLOURS.get(severity, _COLOURS["info"])
    link: SafeString = format_html('<a style="color:inherit" href="{}">{}</a>', url, what)
    return format_html(
        '<section aria-label="Firing alarms" style="{}">{} <strong>{}</strong>: {}</section>',
        _STYLE.format(ground, edge),
        _BELL,
        severity.capitalize(),
        link,
    ).encode()


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)
