"""Mails that went into a folder in place of a mail server, as in a demo: the newest ones, and each to read."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from swf_remote.configuration import configuration
from swf_remote.web.handlers import NOT_FOUND, problem_response

from .serving import page, signed_in

NEWEST = 10
MOST_LISTED = 10_000
LARGEST = 1_000_000
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+=-]{0,199}\.eml", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail in the folder."""

    name: str
    at: datetime
    subject: str


def newest_mails() -> list[Mail] | None:
    """The newest mails; None where mails go to a server."""
    folder = configuration().email_folder
    if folder is None:
        return None
    try:
        files = [path for path, _ in zip(folder.iterdir(), range(MOST_LISTED), strict=False) if _is_mail(path)]
        files.sort(key=lambda path: (path.stat().st_mtime, path.name), reverse=True)
        return [_mail(path) for path in files[:NEWEST]]
    except OSError:
        return []


def _is_mail(path: Path) -> bool:
    return bool(_NAME.fullmatch(path.name)) and not path.is_symlink() and path.is_file()


def _mail(path: Path) -> Mail:
    return Mail(path.name, datetime.fromtimestamp(path.stat().st_mtime, UTC), _subject(_read(path)))


def _read(path: Path) -> EmailMessage:
    with path.open("rb") as file:
        return email.message_from_bytes(file.read(LARGEST), policy=email.policy.default)


def _subject(message: EmailMessage) -> str:
    return _header(message, "Subject") or "(no subject)"


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except (ValueError, IndexError, LookupError):
        return ""


@page("GET")
@signed_in
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail: its head and its text."""
    folder = configuration().email_folder
    path = folder / name if folder is not None and _NAME.fullmatch(name) else None
    try:
        if path is None or not _is_mail(path):
            return problem_response(request, NOT_FOUND)
        message = _read(path)
    except OSError:
        return problem_response(request, NOT_FOUND)
    heads = [(head, _header(message, head)) for head in ("From", "To", "Date", "Message-ID", "In-Reply-To")]
    context = {"name": name, "subject": _subject(message), "heads": heads, "text": _text(message)}
    return render(request, "alarms/mail.html", context)


def _text(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    if body is None:
        return ""
    try:
        return str(body.get_content())
    except (LookupError, ValueError):
        return ""
