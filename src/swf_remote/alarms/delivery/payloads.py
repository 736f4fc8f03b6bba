"""What is posted to webhooks, by format. Pure; the same message makes the same bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from swf_remote.alarms.models import Event
from swf_remote.alarms.routing.news import News
from swf_remote.web.moments import iso

from .compose import Item, Message
from .rendering import TITLES, as_html, as_text, lead, left_out
from .wording import one_line, shortened

VERSION = 1
"""Of our own format: raised when something that was there changes its meaning or goes; more may come any time."""
MOST_BYTES = 200_000
"""Of our own format; events beyond it are counted and not listed."""
_MOST_CHAT_ITEMS = 10
_LONGEST_CHAT = 3800
"""Characters: Slack cuts at 4,000, Mattermost at 16,383."""
_LONGEST_MATRIX = 16_000
"""Characters of each of the two forms; an event of a room has 65,536 bytes."""
_LONGEST_DETAIL = 2000
_NO_ANGLES = {ord("<"): "\u2039", ord(">"): "\u203a"}
_MATTERMOST_MARKS = re.compile(r"([\\`*_{}\[\]()#!|~])")
_Escape = Callable[[str], str]


def payload(form: str, identifier: str, message: Message, news: News) -> str:
    """The body of a post.

    Args:
        form: one of ``formats.FORMATS``.
        identifier: of the delivery.
        message: what is told.
        news: the events that it is about.
    """
    if form == "json":
        return _own(identifier, message, news)
    if form == "matrix":
        return _dumped(_matrix(message))
    return _dumped({"text": _chat(message, _slack if form == "slack" else _mattermost, form == "slack")})


def _own(identifier: str, message: Message, news: News) -> str:
    told = [("new", news.new), ("continuing", news.continuing), ("cleared", news.cleared)]
    urls = {item.id: item for section in message.sections for item in section.items}
    body = {
        "version": VERSION,
        "id": identifier,
        "test": bool(message.test_by),
        "at": iso(message.at),
        "subject": message.subject,
        "severity": message.severity,
        "alarm": {"name": message.alarm, "title": message.title, "url": message.url},
        "counts": {word: len(events) for word, events in told}
        | {"acknowledged": news.acknowledged, "silenced": news.silenced},
    }
    listed: list[dict[str, Any]] = []
    size, total = len(_dumped(body)), 0
    for word, events in told:
        total += len(events)
        for event in events:
            one = _event(word, event, urls.get(event.pk))
            size += len(_dumped(one)) + 1
            if event.pk in urls and size < MOST_BYTES:
                listed.append(one)
    return _dumped({**body, "events": listed, "left_out": total - len(listed)})


def _event(word: str, event: Event, item: Item | None) -> dict[str, Any]:
    return {
        "id": event.pk,
        "news": word,
        "state": event.state,
        "severity": event.severity,
        "fingerprint": event.fingerprint,
        "subject": event.subject,
        "detail": shortened(event.detail, _LONGEST_DETAIL),
        "labels": event.labels,
        "values": event.values,
        "first_seen": iso(event.first_seen),
        "fired_at": _moment(event.fired_at),
        "last_seen": iso(event.last_seen),
        "resolved_at": _moment(event.resolved_at),
        "resolution": event.resolution,
        "url": item.url if item else "",
        "links": [{"words": link.words, "url": link.url} for link in item.links] if item else [],
    }


def _moment(when: datetime | None) -> str | None:
    return None if when is None else iso(when)


def _matrix(message: Message) -> Mapping[str, str]:
    """As matrix-hookshot's generic webhooks take it."""
    text, html = as_text(message), as_html(message).partition("<body")[2].partition(">")[2].partition("</body>")[0]
    found = {"text": shortened(text, _LONGEST_MATRIX)}
    # A form cut in the middle would leave marks open.
    return found | {"html": html} if len(html) <= _LONGEST_MATRIX else found


def _chat(message: Message, escape: _Escape, is_slack: bool) -> str:
    text = ""
    for line in _chat_lines(message, escape, is_slack):
        if len(text) + len(line) > _LONGEST_CHAT:
            return f"{text}… {_linked('all events', message.url, is_slack)}"
        text += f"{line}\n"
    return text


def _chat_lines(message: Message, escape: _Escape, is_slack: bool) -> Iterator[str]:
    bold = "*" if is_slack else "**"
    yield f"{bold}{escape(message.subject)}{bold}"
    if lead(message):
        yield escape(lead(message))
    room = _MOST_CHAT_ITEMS
    for section in message.sections:
        yield f"{TITLES[section.word]} ({section.count})"
        for item in section.items[:room]:
            yield f"• {escape(item.severity)}: {_linked(escape(item.subject), item.url, is_slack)}, {escape(item.when)}"
        room = max(room - len(section.items), 0)
    if left_out(message) or sum(len(section.items) for section in message.sections) > _MOST_CHAT_ITEMS:
        yield f"… {_linked('all events', message.url, is_slack)}"
    if message.others:
        yield escape(message.others)


def _linked(words: str, url: str, is_slack: bool) -> str:
    return f"<{url}|{words}>" if is_slack else f"[{words}]({url})"


def _slack(text: str) -> str:
    """Slack's three characters; the bar would end a link's address."""
    words = one_line(text, 500).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return words.replace("|", "¦")


def _mattermost(text: str) -> str:
    """Marks of Markdown stand for themselves, ``@all`` calls nobody, and nothing looks like Slack's marks."""
    words = one_line(text, 500).translate(_NO_ANGLES).replace("@", "@\u200b")
    return _MATTERMOST_MARKS.sub(r"\\\1", words)


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=str)
