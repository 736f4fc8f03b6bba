"""Mails: what is kept of one in the outbox, and its bytes on the wire (RFC 5322). Pure.

What is kept makes the same bytes at each attempt. No recipient is named in them, so that nobody sees another's address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.charset import QP, Charset
from email.generator import BytesGenerator
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr, parseaddr
from io import BytesIO
from typing import Any

from .compose import Message
from .rendering import as_html, as_text
from .wording import one_line

MOST_REFERENCES = 20
_WIRE = compat32.clone(linesep="\r\n", max_line_length=78)
_NOT_IN_IDENTIFIERS = re.compile(r"[^A-Za-z0-9._-]")
_UTF8 = Charset("utf-8")
_UTF8.body_encoding = QP


def content_of(
    identifier: str, message: Message, *, sender: str, alarm: str, events: Sequence[str], teams: Sequence[str]
) -> dict[str, Any]:
    """What the outbox keeps.

    Args:
        identifier: of the delivery; its `Message-ID` follows from it.
        message: what is told.
        sender: an address, or a name and an address in angle brackets.
        alarm: the alarm's identifier.
        events: identifiers of the events that are told, oldest first. Messages that share one are one thread.
        teams: names for the `To` field.
    """
    domain = _domain(sender)
    thread = [f"<{_safe(event)}.event@{domain}>" for event in events[:MOST_REFERENCES]]
    return {
        "text": as_text(message),
        "html": str(as_html(message)),
        "from": sender,
        "to": ", ".join(f'"{_safe(team.lstrip("@"))}":;' for team in teams) or "undisclosed-recipients:;",
        "date": format_datetime(_sent_at(message).astimezone(UTC)),
        "message_id": _message_id(identifier, sender),
        "references": thread or [f"<{_safe(alarm)}.alarm@{domain}>"],
        "list": f"<{_safe(message.alarm)}.alarms.{domain}>",
        "urgent": message.severity == "critical" and not message.is_over,
        **({"unsubscribe": message.subscribed.url} if message.subscribed else {}),
    }


def again_as(identifier: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """The same mail under another delivery's identifier, to somebody else."""
    return {**content, "message_id": _message_id(identifier, content["from"])}


def letter(subject: str, content: Mapping[str, Any]) -> bytes:
    """The mail; lines end with CR LF and have at most 998 octets.

    Args:
        subject: of the delivery.
        content: as of ``content_of``.
    """
    mail = MIMEMultipart("alternative", boundary=_boundary(content["message_id"]), policy=_WIRE)
    name, address = parseaddr(content["from"])
    mail["From"] = formataddr((name, address))
    mail["To"] = content["to"]
    mail["Subject"] = one_line(subject, 500)
    mail["Date"] = content["date"]
    mail["Message-ID"] = content["message_id"]
    mail["In-Reply-To"] = content["references"][0]
    mail["References"] = " ".join(content["references"])
    mail["List-Id"] = content["list"]
    if unsubscribe := content.get("unsubscribe"):
        mail["List-Unsubscribe"] = f"<{unsubscribe}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if content["urgent"]:
        mail["Importance"] = "high"
    for subtype in ("plain", "html"):
        mail.attach(_part(content["text" if subtype == "plain" else "html"], subtype))
    written = BytesIO()
    BytesGenerator(written, mangle_from_=False, policy=_WIRE).flatten(mail)
    return written.getvalue()


def _sent_at(message: Message) -> datetime:
    """What waits for the end of quiet hours is dated then, so that it is not sorted below what was read meanwhile."""
    return (message.subscribed and message.subscribed.waits_until) or message.at


def _message_id(identifier: str, sender: str) -> str:
    return f"<{_safe(identifier)}@{_domain(sender)}>"


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2]


def _part(text: str, subtype: str) -> MIMEText:
    part = MIMEText(text, subtype, policy=_WIRE)
    del part["Content-Transfer-Encoding"]
    part.set_payload(text, _UTF8)
    part.replace_header("Content-Type", f'text/{subtype}; charset="utf-8"')
    return part


def _boundary(message_id: str) -> str:
    return f"=_{_NOT_IN_IDENTIFIERS.sub('', message_id.partition('@')[0])}"


def _safe(text: str) -> str:
    return _NOT_IN_IDENTIFIERS.sub("-", text) or "-"
