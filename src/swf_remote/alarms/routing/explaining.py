"""What explains an alarm's events: ``alarm=failing_site on site``. Pure.

Matchers name the events that explain, and after the last ``on`` come the labels that both have to share. So a site that
fails as a whole is told once, and not with each of its tasks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from .matchers import MatcherError, Matchers, read_matchers

Labels = Mapping[str, str]
_ON = re.compile(r"(?P<matchers>.*)\son\s+(?P<labels>[a-z_]+(?:\s*,\s*[a-z_]+)*)\s*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Which events explain others, and what they have in common."""

    source: Matchers
    shared: tuple[str, ...] = ()

    def explains(self, explaining: Labels, explained: Labels) -> bool:
        """Whether the first is the reason for the second; labels that neither has are shared, too."""
        return self.source.hold(explaining) and all(
            explaining.get(label, "") == explained.get(label, "") for label in self.shared
        )

    def is_among(self, fires: Iterable[Labels], explained: Labels) -> bool:
        """Whether one of these is the reason."""
        return any(self.explains(one, explained) for one in fires)


@lru_cache(maxsize=1024)
def read_explanation(text: str) -> Explanation | None:
    """The explanation that a text names; an empty one is none.

    Raises:
        MatcherError: it names none.
    """
    if not text.strip():
        return None
    parts = _ON.fullmatch(text)
    source = read_matchers(parts["matchers"] if parts else text)
    if not source.all:
        raise MatcherError("name the events that explain others, such as alarm=failing_site on site")
    return Explanation(source, tuple(label.strip() for label in parts["labels"].split(",")) if parts else ())
