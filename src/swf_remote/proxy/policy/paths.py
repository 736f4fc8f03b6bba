"""The one reading of a request's path: what the exposure table is asked about, or a refusal.

The monitor gets the path as it came, byte for byte. So a path passes only if every reader of it (we, Apache, Django)
must understand the same: no way to climb, to hide a slash or to mean another page after one more decoding.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from .refusals import (
    BAD_ESCAPE,
    CONTROL_CHARACTER,
    DOT_SEGMENT,
    EMPTY_SEGMENT,
    HIDDEN_SLASH,
    OUTSIDE_MOUNT,
    RefusedPath,
)

_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_ESCAPE = re.compile(rb"%[0-9A-Fa-f]{2}")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
# A segment of dots; servers of other kinds cut a segment at its semicolon before they look (".;x").
_DOTS = re.compile(rb"(?:^|/)\.{1,2}(?:;[^/]*)?(?=/|$)")
# Each round undoes one more escaping; nobody honest needs three.
_ROUNDS = 3


# Pure, and the same paths come again and again.
@lru_cache(maxsize=512)
def normalise(raw_path: bytes, mount: str) -> str:
    """The decoded path relative to `mount` (``panda/jobs/``; empty for the mount itself, with or without its slash).

    Args:
        raw_path: the path as it stood in the request line, without the query.
        mount: our mount, without a slash at its end.

    Raises:
        RefusedPath: with the reason, a constant of ``refusals``.
    """
    relative = _below(raw_path, mount.encode())
    _check_raw(relative)
    decoded = _check_rounds(relative)
    try:
        return decoded.decode()
    except UnicodeDecodeError:
        raise RefusedPath(BAD_ESCAPE) from None


def _below(raw_path: bytes, mount: bytes) -> bytes:
    if raw_path == mount:
        return b""
    if not raw_path.startswith(mount + b"/"):
        raise RefusedPath(OUTSIDE_MOUNT)
    return raw_path[len(mount) + 1 :]


def _check_raw(path: bytes) -> None:
    if _BAD_ESCAPE.search(path):
        raise RefusedPath(BAD_ESCAPE)
    if path.startswith(b"/") or b"//" in path:
        raise RefusedPath(EMPTY_SEGMENT)
    if b" " in path:
        raise RefusedPath(CONTROL_CHARACTER)
    _check_round(path, path.count(b"/"))


def _check_rounds(path: bytes) -> bytes:
    """`path` decoded once, after looking at what further decodings would make of it."""
    slashes = path.count(b"/")
    once = current = unquote_to_bytes(path)
    for _ in range(_ROUNDS):
        _check_round(current, slashes)
        if not _ESCAPE.search(current):
            return once
        current = unquote_to_bytes(current)
    raise RefusedPath(BAD_ESCAPE)


def _check_round(path: bytes, slashes: int) -> None:
    if _CONTROL.search(path):
        raise RefusedPath(CONTROL_CHARACTER)
    if b"\\" in path or path.count(b"/") != slashes:
        raise RefusedPath(HIDDEN_SLASH)
    if _DOTS.search(path):
        raise RefusedPath(DOT_SEGMENT)
