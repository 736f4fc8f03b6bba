"""Template tags of the gateway's own pages: addresses, moments in time, shapes."""

from datetime import UTC, datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from swf_remote.edge.exchange import current_nonce
from swf_remote.web.addresses import asset_url, own_url
from swf_remote.web.moments import ago, clock, duration, iso, stamp

UNKNOWN = "\N{EN DASH}"

register = template.Library()


@register.simple_tag
def own(path: str = "") -> str:
    """The address of a path below the mount."""
    return own_url(path)


@register.simple_tag
def asset(path: str) -> str:
    """The address of one of our static files."""
    return asset_url(path)


@register.simple_tag
def nonce() -> SafeString:
    """The attribute without which the page's policy lets no script or style sheet in."""
    value = current_nonce()
    return format_html(' nonce="{}"', value) if value else SafeString()


@register.simple_tag
def shape(name: str) -> SafeString:
    """A shape of the sprite; decoration beside a word, so it is hidden from screen readers."""
    return format_html(
        '<svg class="shape" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        asset_url("web/shapes.svg"),
        name,
    )


@register.filter
def moment(when: datetime | None) -> SafeString | str:
    """Absolute time with its zone; an en dash when it is not known."""
    if when is None:
        return UNKNOWN
    return format_html('<time datetime="{}">{}</time>', iso(when), stamp(when))


@register.filter
def moment_ago(when: datetime | None) -> SafeString | str:
    """Relative and absolute: "12 min ago · 2026-11-23 14:03 UTC"."""
    if when is None:
        return UNKNOWN
    return format_html('<time datetime="{}"><span class="ago">{}</span> · {}</time>', iso(when), ago(when), stamp(when))


@register.filter
def moment_seconds(when: datetime) -> SafeString:
    """Absolute time to the second, for tables whose head names the zone."""
    return format_html('<time datetime="{}">{}</time>', iso(when), f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S}")


@register.filter
def moment_clock(when: datetime) -> SafeString:
    """The time of the day, for tables of one hour whose head names the zone."""
    return format_html('<time datetime="{}">{}</time>', iso(when), f"{when.astimezone(UTC):%H:%M}")


@register.filter
def as_of(when: datetime) -> str:
    """How old a page may be: "As of 14:03:20 UTC"."""
    return f"As of {clock(when)}"


@register.filter
def lasted(begin: datetime, end: datetime | None) -> str:
    """How long something lasted, or has lasted until now."""
    return duration((end or datetime.now(UTC)) - begin)


@register.filter
def moment_past(when: datetime | None) -> SafeString | str:
    """For sentences: "2026-11-23 14:03 UTC (12 min ago)"."""
    if when is None:
        return "not known"
    return format_html("{} ({})", moment(when), ago(when))
