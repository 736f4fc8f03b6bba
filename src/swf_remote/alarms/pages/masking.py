"""No e-mail address on an open page, wherever it came from: a task's name, a note, an old mail that was imported."""

from __future__ import annotations

import re

HIDDEN = "(address hidden)"
_AT = ("@", "%40", "&#64;", "&#x40;")
_ADDRESS = re.compile(
    r"(?<![\w.+-])[\w.+-]+(?:@|%40|&#64;|&#x40;)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE
)  # linear: each word is begun once


def without_addresses(text: str) -> str:
    """The text with every e-mail address, also one in a URL or written with character references, hidden."""
    return _ADDRESS.sub(HIDDEN, text) if any(at in text for at in _AT) else text


def public_facts(facts: object) -> object:
    """JSON of today's tables without what only signed-in users see: whom a message went to."""
    if isinstance(facts, dict):
        return {key: public_facts(value) for key, value in facts.items() if key not in _NOT_PUBLIC}
    return [public_facts(one) for one in facts] if isinstance(facts, list) else facts


_NOT_PUBLIC = frozenset({"recipients", "members", "email", "emails", "mail", "webhooks"})
