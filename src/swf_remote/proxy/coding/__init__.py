"""What bodies are wrapped in on the wire: content codings and charsets, undone and made anew. Pure, piece by piece."""

from __future__ import annotations

from .decoding import BrokenBody
from .passage import Passage

__all__ = ["BrokenBody", "Passage"]
