"""Template tags of the alarms' pages: states, severities, values, links below the mount."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import template
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString

from swf_remote.accounts.next_page import own_page
from swf_remote.alarms.delivery.formats import shown
from swf_remote.alarms.models import Channel, Delivery, Severity, State
from swf_remote.web.addresses import own_url
from swf_remote.web.moments import ago, duration, iso
from swf_remote.web.templatetags.pages import UNKNOWN, shape

_SHAPES = {
    State.PENDING: "pending",
    State.FIRING: "firing",
    State.ACKNOWLEDGED: "acknowledged",
    State.RESOLVED: "ok",
}
_LONGEST = 500
_NAMES = frozenset({"task", "code", "error_code", "attemptnr", "reqid", "priority"})

register = template.Library()


@register.filter
def state_badge(state: str) -> SafeString:
    """A state as shape and word."""
    found = next((one for one in State if one == state), None)
    name = _SHAPES[found] if found else "unknown"
    return format_html('<span class="state state-{}">{} {}</span>', name, shape(name), found.label if found else state)


@register.filter
def severity_word(severity: str) -> SafeString:
    """A severity as a word; critical ones stand out."""
    known = severity in Severity.values
    return format_html('<span class="severity severity-{}">{}</span>', severity if known else "other", severity)


@register.filter
def value_words(value: Any) -> str:
    """A figure or text as people write it; nothing is an en dash."""
    if value is None or value == "":
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.6g}"
    return value if isinstance(value, str) else _short(json.dumps(value, ensure_ascii=False, default=str))


@register.filter
def id_words(value: Any) -> str:
    """A value that is no figure, such as the number of a task: without separators."""
    return UNKNOWN if value in (None, "") else _short(str(value))


@register.filter
def figure(value: Any, name: str) -> str:
    """A value of an event: numbers that name something have no separators."""
    is_name = name.endswith("id") or name in _NAMES
    return id_words(value) if is_name and not isinstance(value, (dict, list)) else value_words(value)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


@register.filter
def span_words(passed: timedelta | None) -> str:
    """A time span in words."""
    return UNKNOWN if passed is None else duration(passed)


@register.filter
def times_of(begin: datetime | None, end: datetime | None) -> str:
    """From one moment to the other, in words."""
    return UNKNOWN if begin is None or end is None else duration(end - begin)


@register.filter
def seconds_to(begin: datetime, end: datetime) -> str:
    """How long something quick took: ``3.2 s``."""
    passed = end - begin
    return f"{passed.total_seconds():.1f} s" if passed < timedelta(minutes=1) else duration(passed)


@register.filter
def past(when: datetime, now: datetime) -> str:
    """How long ago it was: ``12 min ago``."""
    return ago(when, now)


@register.filter
def moment_minutes(when: datetime) -> SafeString:
    """Absolute time to the minute, for tables whose head names the zone."""
    return format_html('<time datetime="{}">{}</time>', iso(when), f"{when.astimezone(UTC):%Y-%m-%d %H:%M}")


@register.filter
def destinations(delivery: Delivery) -> str:
    """To whom it goes or went; of a webhook the host alone, since its address is a secret."""
    return _named(delivery, [*delivery.reached, *delivery.destinations])


@register.filter
def waiting_for(delivery: Delivery) -> str:
    """Who has not got it yet."""
    return _named(delivery, delivery.destinations) or "nobody"


@register.filter
def refused_by(delivery: Delivery) -> list[tuple[str, str]]:
    """Whom it did not reach, and what was said about it."""
    refused = delivery.content.get("refused") if isinstance(delivery.content, dict) else None
    return [(str(place), str(words)) for place, words in refused.items()] if isinstance(refused, dict) else []


def _named(delivery: Delivery, places: Sequence[object]) -> str:
    names = dict.fromkeys(map(str, places))
    return ", ".join(map(_host, names) if delivery.channel == Channel.WEBHOOK else names)


@register.filter
def hook_hosts(text: str) -> str:
    """Webhooks as formats and hosts: the rest of their addresses is a secret."""
    return ", ".join(" ".join(_host(word) for word in line.split()) for line in text.splitlines() if line.strip())


def _host(word: str) -> str:
    return shown(word) if "://" in word else word


@register.filter
def plural(number: int, words: str) -> str:
    """``3 alarms``, ``1 alarm``: the words are those of one and of several, separated by a comma."""
    one, _, several = words.partition(",")
    return f"{number:,} {one if number == 1 else several or one + 's'}"


@register.filter
def below_mount(path: Any) -> str:
    """The address of a path that a detector or an old mail named; empty where it leaves our mount."""
    url = own_url(str(path).lstrip("/"))
    return url if own_page(url) == url else ""


@register.simple_tag
def query_with(query: QueryDict | dict[str, str], **changes: Any) -> str:
    """The query of an address with some words changed; an empty value takes the word away."""
    words = {name: value for name, value in query.items() if value} | changes
    left = {name: value for name, value in words.items() if value not in ("", None)}
    return f"?{urlencode(left)}" if left else "?"
