"""What a page needs to know of its reader, besides the sites."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

# To be counted up when the same body is rewritten to other bytes than before: old copies must not be confirmed.
REWRITING = b"3"


@dataclass(frozen=True, slots=True)
class PageContext:
    """One reader's view of a page."""

    controls: bytes = b""
    """What replaces the monitor's account corner; empty to leave it."""
    address: bytes = b""
    """Path and query as the reader asked for them: where to return after a login."""
    banner: bytes = b""
    """What stands above the page's content, as HTML: its age, markers. Empty for none, and for pieces of pages."""

    @property
    def variant(self) -> bytes:
        """A short name of what rewriting makes of the same body for this reader, for entity tags."""
        return blake2b(self.controls + b"\0" + self.banner, key=REWRITING, digest_size=6).hexdigest().encode()


ANONYMOUS = PageContext()
