"""Text that comes from elsewhere (names of tasks, words of jobs), made fit for messages. Pure."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, marks that turn the direction of what follows, halves of characters, separators of lines (UAX 44)."""
_PATH = "/?&=#+,;:@!$~%"


def one_line(text: str, most: int) -> str:
    """`text` in one line of at most `most` characters, without anything that is not seen."""
    seen = "".join(" " if unicodedata.category(one) in _UNSEEN else one for one in text[: 4 * most])
    return shortened(" ".join(seen.split()), most)


def some_lines(text: str, most_lines: int, most: int) -> tuple[str, ...]:
    """The first lines of `text`, each at most `most` characters; where there are more, the last one says so."""
    found = text.strip("\n").splitlines()
    kept = [one_line(line, most) if line.strip() else "" for line in found[:most_lines]]
    if len(found) > most_lines:
        kept.append(f"… and {len(found) - most_lines} more lines")
    return tuple(kept)


def shortened(text: str, most: int) -> str:
    """`text`, with an ellipsis for what is beyond `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def counted(number: int, one: str, many: str = "") -> str:
    """``1 detection``, ``2 detections``."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


def address(public_url: str, path: str) -> str:
    """A path below the mount as a whole address."""
    return f"{public_url.rstrip('/')}/{quote(path.lstrip('/'), safe=_PATH, errors='replace')}"
