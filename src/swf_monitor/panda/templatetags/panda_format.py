"""``{% load panda_format %}``: the functions of `swf_monitor.panda.formatting` for templates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from swf_monitor.panda import formatting
from swf_monitor.panda.queries.conditions import BLANK
from swf_monitor.panda.states import life_order, state_of

register = template.Library()

register.filter("stamp", formatting.stamp)
register.filter("count", formatting.count)
register.filter("percent", formatting.percent)
register.filter("duration", formatting.duration)
register.filter("long_duration", formatting.long_duration)
register.filter("size", formatting.size)
register.filter("badge", formatting.badge)


@register.filter
def moment(value: datetime | None) -> SafeString:
    """A PanDA time with its zone and how long ago it is, for details; a dash when not set."""
    if value is None or not formatting.is_set(value):
        return SafeString(formatting.MISSING)
    exact = formatting.aware(value).isoformat()
    return format_html(
        '<time datetime="{}">{} UTC</time> <span class="muted" data-relative-time="{}"></span>',
        exact,
        formatting.stamp(value),
        exact,
    )


@register.filter
def fill(word: str | None) -> SafeString:
    """A state word that colours its table cell."""
    return formatting.fill(word, word or "")


@register.filter
def or_blank(value: str | None) -> str:
    """A name, or the word for a missing one."""
    return value or "(blank)"


@register.simple_tag
def list_url(name: str, **parameters: Any) -> str:
    """The address of a list with filters; an empty text selects blank values, None is left out."""
    wanted = {key: BLANK if value == "" else value for key, value in parameters.items()}
    return formatting.with_query(reverse(name), wanted)


@register.simple_tag
def breakdown(counts: Mapping[str, int], name: str, **parameters: Any) -> SafeString:
    """``status:count`` links to the list `name`."""
    wanted = {key: BLANK if value == "" else value for key, value in parameters.items()}
    return formatting.breakdown(counts, reverse(name), wanted)


@register.simple_tag
def state_bar(counts: Mapping[str, int], noun: str) -> SafeString:
    """A bar whose parts are the groups of states, in the order of a life; the numbers stand in its label."""
    total = sum(counts.values())
    if not total:
        return SafeString("")
    ordered = sorted(counts.items(), key=lambda item: life_order(item[0]))
    parts, left = [], 0.0
    for word, number in ordered:
        width = 100 * number / total
        parts.append((f"{left:.3f}", f"{width:.3f}", state_of(word).group, word, number))
        left += width
    label = ", ".join(f"{number} {word}" for word, number in ordered)
    return format_html(
        '<svg class="state-bar" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" '
        'aria-label="{} {}: {}">{}</svg>',
        total,
        noun,
        label,
        format_html_join(
            "",
            '<rect x="{}" y="0" width="{}" height="8" class="group-{}"><title>{}: {}</title></rect>',
            parts,
        ),
    )
