"""The monitor's answer as the reader gets it: true headers for the body that is really sent. Pure.

Nothing of the monitor's transport, cookies, challenges or addresses passes; whatever describes bytes that are changed
on the way is dropped or made ours (RFC 9110 7.7, 8.8.3.3, 15.4.5).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .coding import Passage
from .coding.charsets import Transcoding
from .coding.decoding import Decoding
from .coding.encoding import encoder_for
from .headers import Field, clean, joined
from .locations import mapped
from .page import PageContext
from .policy.routes import Cache, Identity, Kind, Rewriting, Route
from .rewriting import Rewriter, language_of, rewriter_for
from .rewriting.nested import Language
from .sites import Sites
from .treatment import BODILESS, Asked, BrokenAnswer, PartOnly, Treatment, treatment
from .validators import confirmed, ours, weak

__all__ = ["Answer", "Asked", "BrokenAnswer", "Head", "PartOnly", "passage_of", "reader_answer", "reader_head"]

# Cookies, challenges and words about the monitor's own server are between the monitor and us.
_NEVER = frozenset(
    b"set-cookie set-cookie2 cookie server via x-powered-by x-served-by x-aspnet-version x-runtime alt-svc "
    b"strict-transport-security public-key-pins public-key-pins-report-only clear-site-data www-authenticate "
    b"authentication-info proxy-authentication-info proxy-status nel report-to reporting-endpoints "
    b"content-security-policy-report-only x-accel-redirect x-accel-buffering x-sendfile x-lighttpd-send-file "
    b"x-remote-user x-robots-tag timing-allow-origin server-timing x-request-id x-swf-cache".split()
)
_NEVER_BEGINS = (b"access-control-",)
# True of the monitor's bytes only.
_OF_THE_BYTES = frozenset(
    b"content-length content-encoding content-md5 digest content-digest repr-digest accept-ranges content-range".split()
)
_SINGLE = frozenset(
    b"x-frame-options x-content-type-options x-xss-protection referrer-policy cross-origin-opener-policy "
    b"content-type content-length etag last-modified location".split()
)
_ABOUT_KEEPING = frozenset({b"cache-control", b"expires", b"pragma"})
_OF_A_BODY = frozenset(b"content-length transfer-encoding content-encoding".split())


@dataclass(frozen=True, slots=True)
class Head:
    """Status and header fields for one reader, and what the body has to go through for them to be true."""

    status: int
    headers: list[Field]
    """Lower-case names."""
    todo: Treatment


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of the reader's answer, and what the body has to go through."""

    status: int
    headers: list[Field]
    """Lower-case names."""
    passage: Passage | None
    """None: the body passes as it is. It may raise ``BrokenBody``, then the reader's connection has to break."""
    rewriter: Rewriter | None = None
    """The step of the passage that rewrites, for what it has seen (``placement``)."""


def reader_answer(
    status: int,
    raw_headers: Sequence[Field],
    *,
    asked: Asked,
    route: Route,
    sites: Sites,
    page: PageContext,
) -> Answer:
    """The reader's answer for the monitor's one with `status` and `raw_headers` (as received, repeats included).

    Args:
        asked: by the reader, whose method may be HEAD where the monitor was asked by GET.

    Raises:
        PartOnly: a part (206) of a body that has to be changed as a whole, or one that nobody asked for.
        BrokenAnswer: it cannot be passed on truly.
    """
    head = reader_head(status, clean(raw_headers), asked=asked, route=route, sites=sites, page=page)
    bodiless = asked.method == "HEAD" or status in BODILESS
    if bodiless or not head.todo.changes_bytes:
        return Answer(status, head.headers, None)
    rewriter = _rewriter(head.todo, route, sites, page) if head.todo.rewritten else None
    return Answer(status, head.headers, _passage(head.todo, rewriter), rewriter)


def passage_of(
    status: int, fields: Iterable[Field], *, asked: Asked, route: Route, sites: Sites, page: PageContext
) -> Passage | None:
    """What the body has to go through, where the head is made later; `fields` are the monitor's, cleaned.

    Raises:
        PartOnly, BrokenAnswer: as of ``reader_answer``.
    """
    todo = treatment(status, _facts([field for field in fields if _may_pass(field[0])]), route, asked)
    if status in BODILESS or not todo.changes_bytes:
        return None
    return _passage(todo, _rewriter(todo, route, sites, page) if todo.rewritten else None)


def reader_head(
    status: int, fields: Iterable[Field], *, asked: Asked, route: Route, sites: Sites, page: PageContext
) -> Head:
    """The head of the reader's answer; `fields` are the monitor's, cleaned. See ``reader_answer``."""
    passed = [field for field in fields if _may_pass(field[0])]
    todo = treatment(status, _facts(passed), route, asked)
    kept = _typed(mapped(_once(passed), sites, page), todo)
    same = status == 304 and route.rewrites
    kept = _unchanged(kept, route, page, asked) if same else _truthful(kept, todo, page)
    return Head(status, _completed(kept, status, route), todo)


def _rewriter(todo: Treatment, route: Route, sites: Sites, page: PageContext) -> Rewriter | None:
    cells, rest = route.rewriting is Rewriting.CELLS, route.kind is Kind.DATA
    return rewriter_for(todo.content_type, sites, page, cells=cells, absolute=rest)


def _may_pass(name: bytes) -> bool:
    return name not in _NEVER and not name.startswith(_NEVER_BEGINS)


def _facts(fields: list[Field]) -> dict[bytes, bytes]:
    types = b", ".join(value for name, value in fields if name == b"content-type")
    return {**joined(fields), b"content-type": types}


def _passage(todo: Treatment, rewriter: Rewriter | None) -> Passage:
    return Passage(
        decoding=Decoding(todo.decoded) if todo.decoded else None,
        transcoding=_transcoding(todo),
        rewriter=rewriter,
        encoder=encoder_for(todo.encoded) if todo.encoded else None,
    )


def _transcoding(todo: Treatment) -> Transcoding | None:
    if not todo.rewritten:
        return None
    return Transcoding(todo.codec, keep_mark=language_of(todo.content_type) is not Language.JSON)


def _once(fields: list[Field]) -> list[Field]:
    """`fields` with each single-valued one once: Apache and Django both send some of them (contract 1.4)."""
    seen: set[bytes] = set()
    kept = []
    for name, value in fields:
        if name not in seen:
            kept.append((name, value))
        if name in _SINGLE:
            seen.add(name)
    return kept


def _typed(fields: list[Field], todo: Treatment) -> list[Field]:
    return [(name, todo.content_type if name == b"content-type" else value) for name, value in fields]


def _truthful(fields: list[Field], todo: Treatment, page: PageContext) -> list[Field]:
    """`fields` as they are true of the body that the reader gets."""
    is_page = todo.rewritten and language_of(todo.content_type) is Language.HTML
    if todo.changes_bytes:
        dropped = _OF_THE_BYTES | ({b"last-modified"} if is_page else set())
        fields = [_tagged(field, todo, page) for field in fields if field[0] not in dropped]
    if todo.encoded:
        fields.append((b"content-encoding", todo.encoded))
    return _varying(fields, by_reader=is_page, by_coding=todo.negotiated)


def _tagged(field: Field, todo: Treatment, page: PageContext) -> Field:
    if field[0] != b"etag":
        return field
    return (b"etag", (ours(field[1], page.variant) if todo.rewritten else weak(field[1])) or b"")


def _unchanged(fields: list[Field], route: Route, page: PageContext, asked: Asked) -> list[Field]:
    """What a 304 says of the copy that the reader has; its type is often not told."""
    named = next((value for name, value in fields if name == b"content-type"), b"")
    is_page = language_of(named) is Language.HTML if named else route.kind is Kind.PAGE
    dropped = _OF_THE_BYTES | ({b"last-modified"} if is_page else set())
    kept = [field for field in fields if field[0] not in dropped]
    told = [
        (name, confirmed(value, asked.if_none_match, page.variant) if name == b"etag" else value)
        for name, value in kept
    ]
    return _varying(told, by_reader=is_page, by_coding=True)


def _varying(fields: list[Field], *, by_reader: bool, by_coding: bool) -> list[Field]:
    """A page carries its reader's account corner, so it varies with the cookie; texts vary with their coding."""
    varies = [part.strip().lower() for name, value in fields if name == b"vary" for part in value.split(b",")]
    wanted = [(b"Cookie", by_reader), (b"Accept-Encoding", by_coding)]
    missing = [name for name, true in wanted if true and name.lower() not in varies and b"*" not in varies]
    return [*fields, (b"vary", b", ".join(missing))] if missing else fields


def _completed(fields: list[Field], status: int, route: Route) -> list[Field]:
    kept = [field for field in fields if field[1] and not (status in BODILESS and field[0] in _OF_A_BODY)]
    kept.append((b"x-robots-tag", b"noindex"))
    if not any(name in _ABOUT_KEEPING for name, _ in kept) and (word := _keeping(route)):
        kept.append((b"cache-control", word))
    return kept


def _keeping(route: Route) -> bytes:
    """What browsers may do with an answer of which the monitor does not say it."""
    if route.cache is Cache.STATIC:
        return b"no-cache"
    if route.cache is not Cache.NONE:
        return b"private, no-cache"
    return b"private" if route.identity is Identity.READER else b""
