"""May this query name this address? For pages that fetch an address which the reader gives (contract 2.2, view-text).

The monitor fetches it from inside the laboratory, so it must lie where the exposure table says and be written so that
every reader of it, ours, the monitor's and its HTTP client's, understands the same. Pure; nothing is fetched here.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, unquote_to_bytes

PARAMETER = "url"
_LONGEST = 2048
_ADDRESS = re.compile(r"(?i:https)://(?P<host>[^/?#]*)(?P<path>/[^?#]*)?(?P<rest>.*)", re.DOTALL)
# What names of files are made of, and escapes; no other delimiter of RFC 3986.
_PATH = re.compile(r"/(?:[A-Za-z0-9._~+,=/-]|%[0-9A-Fa-f]{2})*")
_FOREIGN = re.compile(r"[^\x21-\x7e]|[\\?#;@:]|//|(?:^|/)\.{1,2}(?=/|$)")
_ROUNDS = 3


def fault_in(query: bytes, within: str) -> str | None:
    """Why the address in `query` may not be asked for, in words for the reader; None when it may.

    Args:
        query: the raw query, as it will be sent.
        within: an address such as ``https://host/folder/`` below which the named one must lie.
    """
    values = _values(query)
    if len(values) != 1:
        return f"The address of the text must be given once, as the parameter “{PARAMETER}”."
    try:
        url = unquote_to_bytes(values[0].replace(b"+", b" ")).decode("ascii")
    except UnicodeDecodeError:
        return "The address of the text holds characters that no address has."
    return _fault_of(url, within)


def _values(query: bytes) -> list[bytes]:
    """Values of the parameter, under whatever spelling of its name; some servers also split at semicolons."""
    pairs = [pair.partition(b"=") for pair in re.split(rb"[&;]", query)]
    return [value for name, _, value in pairs if unquote(name.replace(b"+", b" ")).strip().casefold() == PARAMETER]


def _fault_of(url: str, within: str) -> str | None:
    allowed = _ADDRESS.fullmatch(within)
    assert allowed is not None, "the exposure table holds addresses only"
    given = _ADDRESS.fullmatch(url) if len(url) <= _LONGEST else None
    if given is None:
        return f"The address of the text must begin with {within}"
    if given["host"].lower().removesuffix(":443") != allowed["host"] or given["rest"]:
        return f"The address of the text must lie on {allowed['host']}, without user, port, query or fragment."
    if not _is_below(given["path"] or "", allowed["path"]):
        return f"The address of the text must be a plain path below {within}"
    return None


def _is_below(path: str, folder: str) -> bool:
    """Whether no reading of `path`, decoded again and again, leaves `folder`."""
    if not _PATH.fullmatch(path):
        return False
    for _ in range(_ROUNDS):
        if not path.startswith(folder) or path == folder or _FOREIGN.search(path):
            return False
        decoded = unquote(path)
        if decoded == path:
            return True
        path = decoded
    return False
