"""No e-mail address in what everybody may read, wherever in it."""

from __future__ import annotations

from typing import Any

from swf_remote.alarms.pages.masking import without_addresses


def masked(content: Any) -> Any:
    """JSON-able content without addresses in its texts and names of members."""
    if isinstance(content, str):
        return without_addresses(content)
    if isinstance(content, dict):
        return {without_addresses(str(name)): masked(value) for name, value in content.items()}
    return [masked(one) for one in content] if isinstance(content, (list, tuple)) else content
