"""What counts as an e-mail address here. Pure."""

from __future__ import annotations

import re

LONGEST = 254
"""Octets (RFC 5321 4.5.3.1.3, without the angle brackets)."""
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)


def is_address(text: str) -> bool:
    """Whether `text` is one plain ASCII mailbox (RFC 5321 4.1.2, without quoted parts and address literals)."""
    return len(text) <= LONGEST and _ADDRESS.fullmatch(text) is not None
