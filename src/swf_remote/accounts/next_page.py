"""Where a reader lands after logging in: only ever a page below our own mount.

The address comes from a link that anybody may have written. What is not plainly ours is replaced by the home page; no
attempt is made to repair it.
"""

import re
from urllib.parse import unquote, urlsplit

from swf_remote.web.addresses import own_url

LONGEST = 4096
_MOST_DECODINGS = 4
_PLAIN = re.compile(r"[\x21-\x5b\x5d-\x7e]+")
_STEPS = frozenset({".", ".."})
_NOT_A_GOAL = ("accounts/login/", "accounts/logout/")


def own_page(target: str | None) -> str:
    """`target` when it is a path (with query) below the mount, else the home page.

    Refused: other schemes and hosts, backslashes, control characters, spaces, non-ASCII, empty or dot segments, in any
    number of percent encodings; and the log-in and log-out pages themselves.
    """
    return target if target and _is_own(target) else own_url()


def _is_own(target: str) -> bool:
    if len(target) > LONGEST or not _PLAIN.fullmatch(target) or not target.startswith(own_url()):
        return False
    path = urlsplit(target).path
    return _is_plain_path(path) and not path.startswith(tuple(map(own_url, _NOT_A_GOAL)))


def _is_plain_path(path: str) -> bool:
    """True when no reading of `path`, decoded again and again, leaves the tree that it names."""
    for _ in range(_MOST_DECODINGS):
        if not _has_plain_segments(path):
            return False
        decoded = unquote(path, errors="replace")
        if decoded == path:
            return True
        path = decoded
    return False


def _has_plain_segments(path: str) -> bool:
    if "\\" in path or any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in path):
        return False
    segments = path.split("/")[1:]
    return not _STEPS.intersection(segments) and "" not in segments[:-1]
