"""A request's head, from bytes to ``Head`` or ``RefusedError``: strict grammar, and framing that has one reading only.

RFC 9112 2 to 6. A line ends with CR LF and with nothing else; names are tokens, values hold no control character but
the tab; there is one ``Host``; the body's end is told by one ``Content-Length`` or by ``chunked``, never by both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from swf_remote.edge.refusals import LARGEST_HEADERS, LONGEST_TARGET, METHODS, MOST_HEADERS
from swf_remote.edge.server.refused import (
    RefusedError,
    large_headers,
    long_target,
    malformed,
    unknown_coding,
    unknown_expectation,
    unknown_version,
    unused_method,
)

Headers = tuple[tuple[bytes, bytes], ...]
Named = Mapping[bytes, list[bytes]]

END = b"\r\n\r\n"
# Names, colons and line ends come on top of what the outer layer counts.
LARGEST_HEAD = LONGEST_TARGET + LARGEST_HEADERS + 4 * MOST_HEADERS + 64
# Browsers send the same lines again and again; longer ones are not worth the memory.
LONGEST_REMEMBERED = 512
LONGEST_REMEMBERED_HEAD = 2048
TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"

_STRAY = re.compile(rb"\x00|(?<!\r)\n|\r(?!\n|\Z)")
_REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") ([\x21-\x7e]+) HTTP/([0-9])\.([0-9])")
_NAME = re.compile(TOKEN)
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_HOST = re.compile(rb"(?:[A-Za-z0-9._~-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
_ABSOLUTE = re.compile(rb"https?://([^/?]*)(.*)", re.IGNORECASE)
_LENGTH = re.compile(rb"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Head:
    """What a request's head says."""

    method: str
    target: bytes
    """Path and query as they came, or ``*``; of an absolute address without its host."""
    version: str
    """``1.0`` or ``1.1``."""
    headers: Headers
    """Names in lower case, values without the white space around them."""
    length: int | None
    """Bytes of body; None when it is chunked."""
    keep_alive: bool
    """The sender would use the connection again."""
    expects_continue: bool
    """The sender waits for ``100 Continue`` before the body."""
    size: int
    """Bytes of it, without the empty line at its end."""


class HeadReader:
    """Collects one head, however it is cut into pieces."""

    def __init__(self) -> None:
        self._raw = bytearray()
        self._scanned = 0
        self._blank_line_allowed = True

    @property
    def begun(self) -> bool:
        """Whether anything came."""
        return bool(self._raw)

    @property
    def raw(self) -> bytes:
        """What came, for guessing what form of answer its sender reads."""
        return bytes(self._raw)

    def feed(self, data: bytes) -> tuple[Head, bytes] | None:
        """The head and what follows it, as soon as it is complete.

        Raises:
            RefusedError: at the first byte that no head may hold there.
        """
        if not self._raw and len(data) <= LONGEST_REMEMBERED_HEAD and (whole := _whole_head(data)):
            return whole, b""
        self._raw += data
        self._drop_blank_line()
        end = self._raw.find(END, max(self._scanned - len(END), 0))
        # With the end's own CR in sight, one before it is a stray one for every cut.
        self._check(len(self._raw) if end < 0 else end + 1)
        if end < 0:
            return None
        rest = bytes(self._raw[end + len(END) :])
        del self._raw[end:]
        return parse_head(self.raw), rest

    def _drop_blank_line(self) -> None:
        """One empty line before a request is borne (RFC 9112 2.2)."""
        if self._blank_line_allowed and self._raw.startswith(b"\r\n"):
            del self._raw[:2]
            self._scanned = 0
            self._blank_line_allowed = False

    def _check(self, end: int) -> None:
        start = max(self._scanned - 1, 0)
        if not _plainly_lines(self._raw, start, end) and _STRAY.search(self._raw, start, end):
            raise malformed("A line of the request's head does not end with CR LF")
        self._scanned = end
        if end > LARGEST_HEAD:
            raise large_headers() if b"\r\n" in self._raw[:LARGEST_HEAD] else long_target()


def _plainly_lines(raw: bytearray, start: int, end: int) -> bool:
    """Whether nothing stray can be in ``raw[start:end]``, as nearly always: counting is far cheaper than looking.

    A carriage return at the very end may yet get its line feed.
    """
    pairs = raw.count(b"\r\n", start, end)
    returns = raw.count(b"\r", start, end) - raw.endswith(b"\r", start, end)
    return pairs == returns == raw.count(b"\n", start, end) and raw.find(b"\0", start, end) < 0


def parse_head(raw: bytes) -> Head:
    """Read a head without its final empty line.

    Raises:
        RefusedError: it breaks the grammar, could be read in two ways, or asks for what is not done here.
    """
    return _remembered_head(raw) if len(raw) <= LONGEST_REMEMBERED_HEAD else _read_head(raw)


def _read_head(raw: bytes) -> Head:
    first, *lines = raw.split(b"\r\n")
    method, target, version = _request_line(first)
    if len(lines) > MOST_HEADERS:
        raise large_headers()
    headers = tuple([_field(line) for line in lines])
    named = _named(headers)
    _refuse_switch(named)
    host = _host(named, version)
    return Head(
        method=method,
        target=_origin_form(target, method, host),
        version=version,
        headers=headers,
        length=_length(named, version),
        keep_alive=version == "1.1" and b"close" not in _tokens(named.get(b"connection", ())),
        expects_continue=_expects_continue(named, version),
        size=len(raw),
    )


# Pages ask for the same again and again.
_remembered_head = lru_cache(maxsize=512)(_read_head)


@lru_cache(maxsize=512)
def _whole_head(data: bytes) -> Head | None:
    """What came in one piece, if that is one head without a body, as nearly always; None: to be read step by step."""
    raw = data.removesuffix(END)
    if len(raw) == len(data) or END in data[:-1] or raw.startswith(b"\r\n"):
        return None
    if not _plainly_lines(bytearray(raw), 0, len(raw)):
        return None
    try:
        head = _read_head(raw)
    except RefusedError:
        return None
    return head if head.length == 0 and not head.expects_continue else None


def field_fault(line: bytes) -> str:
    """What is wrong with a header or trailer line; empty when nothing is."""
    name, colon, value = line.partition(b":")
    if not colon or not _NAME.fullmatch(name):
        return "A header line has no proper name"
    if _CONTROL.search(value):
        return "A header holds a control character"
    return ""


def _request_line(line: bytes) -> tuple[str, bytes, str]:
    found = _REQUEST_LINE.fullmatch(line)
    if not found:
        raise malformed("The request line is not one of HTTP/1.1")
    method, target, major, minor = found.groups()
    if major != b"1" or minor not in (b"0", b"1"):
        raise unknown_version()
    if method.decode() not in METHODS:
        raise unused_method()
    return method.decode(), target, f"1.{minor.decode()}"


def _field(line: bytes) -> tuple[bytes, bytes]:
    return _remembered_field(line) if len(line) <= LONGEST_REMEMBERED else _read_field(line)


def _read_field(line: bytes) -> tuple[bytes, bytes]:
    if fault := field_fault(line):
        raise malformed(fault)
    name, _, value = line.partition(b":")
    return name.lower(), value.strip(b" \t")


_remembered_field = lru_cache(maxsize=2048)(_read_field)


def _named(headers: Headers) -> Named:
    found: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        found.setdefault(name, []).append(value)
    return found


def _tokens(values: Iterable[bytes]) -> list[bytes]:
    return [token.strip(b" \t").lower() for token in b",".join(values).split(b",")]


def _host(named: Named, version: str) -> bytes:
    given = named.get(b"host", ())
    if len(given) > 1 or (not given and version == "1.1"):
        raise malformed("A request names its host once")
    if given and not _HOST.fullmatch(given[0]):
        raise malformed("The Host header is not a host name")
    return given[0] if given else b""


def _origin_form(target: bytes, method: str, host: bytes) -> bytes:
    if b"#" in target:
        raise malformed("A fragment is no part of a request's address")
    if target.startswith(b"/") or (target == b"*" and method == "OPTIONS"):
        return target
    absolute = _ABSOLUTE.fullmatch(target)
    if not absolute:
        raise malformed("The request's address is no path")
    authority, rest = absolute.groups()
    if not host or authority.lower() != host.lower():
        raise malformed("The request's address and its Host header name different hosts")
    return rest if rest.startswith(b"/") else b"/" + rest


def _length(named: Named, version: str) -> int | None:
    lengths, codings = named.get(b"content-length"), named.get(b"transfer-encoding")
    if codings:
        _check_codings(codings, also_length=bool(lengths), version=version)
        return None
    if not lengths:
        return 0
    if len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]):
        raise malformed("A body has one length, a plain number")
    return int(lengths[0])


def _check_codings(codings: list[bytes], *, also_length: bool, version: str) -> None:
    if also_length:
        raise malformed("Content-Length and Transfer-Encoding in one request contradict each other")
    if version == "1.0":
        raise malformed("HTTP/1.0 knows no transfer coding")
    if len(codings) == 1 and codings[0].lower() == b"chunked":
        return
    tokens = [token.strip(b" \t").lower() for token in b",".join(codings).split(b",")]
    if tokens.count(b"chunked") == 1 and tokens[-1] == b"chunked" and all(map(_NAME.fullmatch, tokens)):
        raise unknown_coding()
    raise malformed("The body's end is not told by chunked alone")


def _expects_continue(named: Named, version: str) -> bool:
    given = named.get(b"expect")
    if version == "1.0" or not given:
        return False
    if len(given) > 1 or given[0].lower() != b"100-continue":
        raise unknown_expectation()
    return True


def _refuse_switch(named: Named) -> None:
    """Any other ``Upgrade`` is ignored (RFC 9110 7.8); this one would hide requests from whoever stands before us."""
    if b"http2-settings" in named:
        raise malformed("A connection is not switched to HTTP/2 here")
