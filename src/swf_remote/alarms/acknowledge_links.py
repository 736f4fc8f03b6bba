"""Links in messages by which a recipient acknowledges one event without logging in.

A link shows a page with one button and changes nothing by itself, since mail scanners open every link. It is signed,
names one event and one recipient, and holds for a week.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.core import signing

SALT = "swf_remote.alarms.acknowledge"
HOLDS = timedelta(days=7)
ANYBODY = "a mail recipient"
"""Who acknowledges where a message does not know whom it reaches."""
_LONGEST = 1000


class LinkExpiredError(Exception):
    """The link was good once."""


@dataclass(frozen=True, slots=True)
class Permit:
    """What a link allows: to acknowledge this event as this recipient."""

    event_id: str
    recipient: str


def link_for(event_id: str, recipient: str, public_url: str) -> str:
    """The address of the page on which `recipient` (an address; empty: anybody) acknowledges the event."""
    token = signing.dumps([event_id, (recipient or ANYBODY)[:150]], salt=SALT)
    return f"{public_url.rstrip('/')}/alarms/acknowledge/{token}/"


def read_token(token: str) -> Permit | None:
    """What the token allows; None: it is none of ours.

    Raises:
        LinkExpiredError: it is older than `HOLDS`.
    """
    if len(token) > _LONGEST:
        return None
    try:
        found = signing.loads(token, salt=SALT, max_age=HOLDS)
    except signing.SignatureExpired:
        raise LinkExpiredError from None
    except (signing.BadSignature, ValueError):
        return None
    match found:
        case [str(event_id), str(recipient)]:
            return Permit(event_id, recipient)
    return None
