"""Request heads for HTTP/2, and answer heads checked by the limits of ``proxy.wire`` and the rules of RFC 9113 8.

The library would end the whole connection over one malformed answer; checked here, it costs that answer alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hpack import HeaderTuple, NeverIndexedHeaderTuple

from swf_remote.proxy.failures import AnswerFault, BrokenAnswerError
from swf_remote.proxy.wire import HIGHEST_STATUS, LARGEST_HEAD, LONGEST_LINE, LOWEST_STATUS, MOST_FIELDS

STATUS = b":status"
# RFC 9113 8.2.2: what speaks of the connection has no place in HTTP/2.
CONNECTION_FIELDS = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"})
_NOT_SENT = CONNECTION_FIELDS | {b"te", b"expect"}
# Different with each request: they would only push useful fields out of the compressor's table; or secret.
_NEVER_INDEXED = frozenset({b"authorization", b"x-remote-user-token"})
_BODILESS = frozenset({204, 304})
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9a-z-]+")
# RFC 9113 8.2.1.
_BAD_VALUE = re.compile(rb"[\0\r\n]|\A[ \t]|[ \t]\Z")
_LENGTH = re.compile(rb"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class AnswerHead:
    """The head of one answer."""

    status: int
    fields: Sequence[tuple[bytes, bytes]]
    length: int | None
    """How many bytes of body have to come; None where nothing says so."""


def request_fields(method: str, target: str, headers: Iterable[tuple[str, str]], authority: str) -> list[HeaderTuple]:
    """A request's head (RFC 9113 8.3.1); ``Host`` becomes ``:authority``, which else is `authority`.

    Raises:
        BrokenAnswerError: something cannot be sent, as the library for HTTP/1.1 has it, too.
    """
    fields: list[HeaderTuple] = []
    for name, value in headers:
        key, text = name.lower().encode(), value.strip().encode()
        if not _NAME.fullmatch(key) or _BAD_VALUE.search(text):
            # Refused halfway it would spoil the compressor's table for all requests after it.
            raise BrokenAnswerError(AnswerFault.NOT_HTTP)
        if key == b"host":
            authority = value.strip()
        elif key not in _NOT_SENT:
            fields.append((NeverIndexedHeaderTuple if key in _NEVER_INDEXED else HeaderTuple)(key, text))
    return [
        HeaderTuple(b":method", method.encode()),
        HeaderTuple(b":scheme", b"https"),
        HeaderTuple(b":authority", authority.encode()),
        HeaderTuple(b":path", target.encode()),
        *fields,
    ]


def status_of(headers: Sequence[tuple[bytes, bytes]]) -> int:
    """The status of an answer, final or interim.

    Raises:
        BrokenAnswerError: there is none, or something that comes before it.
    """
    name, value = headers[0] if headers else (b"", b"")
    if name != STATUS or len(value) != 3 or not value.isdigit():
        raise BrokenAnswerError(AnswerFault.NOT_HTTP)
    return int(value)


def answer_head(headers: Sequence[tuple[bytes, bytes]], method: str) -> AnswerHead:
    """The head of a final answer to a request with this method.

    Raises:
        BrokenAnswerError: it is malformed (RFC 9113 8.1.1) or too large.
    """
    status, fields = status_of(headers), headers[1:]
    if not LOWEST_STATUS <= status <= HIGHEST_STATUS:
        raise BrokenAnswerError(AnswerFault.NOT_HTTP)
    sizes = [len(name) + len(value) + 4 for name, value in fields]
    if len(sizes) > MOST_FIELDS or sum(sizes) > LARGEST_HEAD or max(sizes, default=0) > LONGEST_LINE:
        raise BrokenAnswerError(AnswerFault.HEAD)
    for name, value in fields:
        _check_field(name, value)
    announced = _announced(fields)
    length = 0 if method == "HEAD" or status in _BODILESS else announced
    return AnswerHead(status, [(bytes(name), bytes(value)) for name, value in fields], length)


def _check_field(name: bytes, value: bytes) -> None:
    if name == b"transfer-encoding":
        raise BrokenAnswerError(AnswerFault.LENGTH)
    if name in CONNECTION_FIELDS or not _NAME.fullmatch(name) or _BAD_VALUE.search(value):
        raise BrokenAnswerError(AnswerFault.NOT_HTTP)


def _announced(fields: Sequence[tuple[bytes, bytes]]) -> int | None:
    lengths = [value for name, value in fields if name == b"content-length"]
    if not lengths:
        return None
    if len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]):
        raise BrokenAnswerError(AnswerFault.LENGTH)
    return int(lengths[0])
