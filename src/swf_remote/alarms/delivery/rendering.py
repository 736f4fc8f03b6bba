"""Messages as plain text and as HTML, for mail and for previews. Pure.

The HTML brings its own styles, asks no other host for anything, and sets no colours of pages and text, so that readers'
light and dark modes both work; what has a colour of its own has both, text and ground.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from swf_remote.web.moments import stamp

from .compose import Group, Item, Message, Section
from .wording import counted

TITLES = {
    "escalated": "Not acknowledged",
    "new": "New",
    "continuing": "Continuing (told again)",
    "cleared": "Cleared",
}
_MARKS = {"critical": "#a3201c", "warning": "#7f4a00", "info": "#155a7d", "cleared": "#1d6b3a"}
_MUTED = "opacity:.75;font-size:13px"
_FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;font-size:15px;line-height:1.45"
_NOTHING = SafeString("")


def lead(message: Message) -> str:
    """One sentence about a message that has nothing to list, waited, or is a test; empty for others."""
    if message.subscribed and message.subscribed.waits_until:
        end = stamp(message.subscribed.waits_until)
        return f"As of {stamp(message.at)}; this message waited for the end of your quiet hours, {end}."
    words = f"This is a test, asked for by {message.test_by}." if message.test_by else ""
    return f"{words} Nothing fires now." if words and not message.sections else words


def reason(message: Message) -> str:
    """Why a subscriber gets it; empty for others."""
    found = message.subscribed
    return f"You get this because you subscribed to {'; and to '.join(found.why)}." if found else ""


def left_out(message: Message) -> str:
    """What is not listed, in words; may be empty."""
    return f"{counted(message.left_out, 'event')} more, not listed here." if message.left_out else ""


def as_text(message: Message) -> str:
    """The message as plain text."""
    return "\n".join(line.rstrip() for line in _text(message)) + "\n"


def _text(message: Message) -> Iterator[str]:
    if lead(message):
        yield from (f"*** {lead(message)} ***", "")
    yield from (message.title, "")
    if message.description:
        yield from (*message.description, "", "---", "")
    number = 0
    for section in message.sections:
        yield from (f"{TITLES[section.word].upper()} ({section.count})", "")
        for group in section.groups:
            if group.title:
                yield from (f"{group.title}:", "")
            for item in group.items:
                number += 1
                yield from _text_item(item, number)
    if left_out(message):
        yield f"{left_out(message)} All: {message.url}"
    if message.others:
        yield message.others
    yield from ("---", f"Alarm {message.alarm}, {stamp(message.at)}", message.url)
    if message.subscribed:
        yield from ("", reason(message), f"Your subscriptions: {message.subscribed.url}")


def _text_item(item: Item, number: int) -> Iterator[str]:
    yield f"[{number}] {item.severity}: {item.subject}"
    for line in (item.when, *item.detail):
        yield f"    {line}"
    yield f"    Event: {item.url}"
    for link in item.links:
        yield f"    {link.words}: {link.url}"
    if item.acknowledge:
        yield f"    Acknowledge: {item.acknowledge}"
    yield ""


def as_html(message: Message) -> SafeString:
    """The message as a whole HTML document; every text in it is escaped."""
    return format_html(
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">'
        '<meta name="supported-color-schemes" content="light dark"><title>{}</title></head>\n'
        '<body style="margin:0;padding:16px;{}">\n{}</body></html>\n',
        message.subject,
        _FONT,
        _joined(_body(message)),
    )


def _body(message: Message) -> Iterator[SafeString]:
    if lead(message):
        yield format_html('<p style="margin:0 0 12px"><strong>{}</strong></p>\n', lead(message))
    mark = "cleared" if message.is_over else message.severity
    yield format_html('<h1 style="margin:0 0 8px;font-size:19px">{} {}</h1>\n', _badge(mark), message.title)
    if message.description:
        yield format_html(
            '<p style="margin:0 0 16px;white-space:pre-wrap">{}</p>\n', "\n".join(message.description).strip()
        )
    for section in message.sections:
        yield from _section(section)
    if left_out(message):
        yield format_html('<p><a href="{}">{}</a></p>\n', message.url, left_out(message))
    if message.others:
        yield format_html('<p style="{}">{}</p>\n', _MUTED, message.others)
    yield format_html(
        '<p style="margin:20px 0 0;{}">Alarm {}, {} · <a href="{}">All alarms</a></p>\n',
        _MUTED,
        message.alarm,
        stamp(message.at),
        message.url,
    )
    if message.subscribed:
        yield format_html(
            '<p style="margin:8px 0 0;{}">{} <a href="{}">Your subscriptions</a></p>\n',
            _MUTED,
            reason(message),
            message.subscribed.url,
        )


def _section(section: Section) -> Iterator[SafeString]:
    yield format_html(
        '<h2 style="margin:20px 0 8px;font-size:16px">{} ({})</h2>\n', TITLES[section.word], section.count
    )
    for group in section.groups:
        yield from _group(group, over=section.word == "cleared")


def _group(group: Group, *, over: bool) -> Iterator[SafeString]:
    if group.title:
        yield format_html('<h3 style="margin:12px 0 4px;font-size:14px">{}</h3>\n', group.title)
    for item in group.items:
        yield _html_item(item, over=over)


@lru_cache(maxsize=256)
def _html_item(item: Item, *, over: bool) -> SafeString:
    mark = "cleared" if over else item.severity
    detail = format_html(
        '<pre style="margin:4px 0 0;white-space:pre-wrap;font-size:13px">{}</pre>', "\n".join(item.detail)
    )
    pages = [(link.url, link.words) for link in item.links]
    pages += [(item.acknowledge, "Acknowledge")] if item.acknowledge else []
    links = format_html_join("", ' · <a href="{}">{}</a>', pages)
    return format_html(
        '<div style="margin:0 0 12px;padding:2px 0 2px 12px;border-left:4px solid {}">'
        '{} <a href="{}"><strong>{}</strong></a><div style="{}">{}</div>{}'
        '<div style="margin-top:4px;font-size:13px"><a href="{}">Event</a>{}</div></div>\n',
        _MARKS.get(mark, _MARKS["warning"]),
        _badge(mark),
        item.url,
        item.subject,
        _MUTED,
        item.when,
        detail if item.detail else _NOTHING,
        item.url,
        links,
    )


def _badge(mark: str) -> SafeString:
    return format_html(
        '<span style="display:inline-block;padding:0 6px;border-radius:3px;font-size:12px;font-weight:600;'
        'color:#ffffff;background-color:{}">{}</span>',
        _MARKS.get(mark, _MARKS["warning"]),
        mark,
    )


def _joined(parts: Iterable[SafeString]) -> SafeString:
    # Each part was made by format_html.
    return mark_safe("".join(parts))  # noqa: S308
