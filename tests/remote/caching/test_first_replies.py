"""The answer to whoever it was fetched for: what nobody else has asked for yet is not made in advance."""

from __future__ import annotations

import pytest

from swf_remote.proxy.caching.entry import Entry, Front
from swf_remote.proxy.caching.holes import Body, Hole
from swf_remote.proxy.caching.replies import Reading, first_reply, reply_to
from swf_remote.proxy.caching.rules import Facts
from swf_remote.proxy.page import PageContext
from swf_remote.proxy.policy.routes import exposure
from tests.remote.caching.test_entry import MARK
from tests.remote.proxy.bodies import SITES

PLAIN, TEXT, HTML = b"image/png", b"text/css", b"text/html"


def kept(kind: bytes, *parts: bytes | Hole, tag: bytes = b"") -> Entry:
    fields = ((b"content-type", kind), *([(b"etag", tag)] if tag else []))
    return Entry(Front(Facts(200, dict(fields), 1.0, 2.0), fields), Body(parts), MARK)


def reading(path: str = "static/site.bin", **fields: str) -> Reading:
    route = exposure().decide("GET", path).route
    assert route is not None
    asked = {name.replace("_", "-").encode(): value.encode() for name, value in fields.items()}
    return Reading("GET", asked, route, PageContext(b"<corner>", b"/x"))


def test_it_says_what_every_later_reader_is_told() -> None:
    for entry in (kept(PLAIN, b"x" * 3000), kept(HTML, b"<p>", Hole.CORNER, b"</p>")):
        first, later = first_reply(reading(), entry, SITES), reply_to(reading(), entry, SITES)
        assert first is not None
        assert (first.status, sorted(first.headers), first.body) == (200, sorted(later.headers), later.body)


def test_nothing_of_it_is_remembered_before_somebody_else_asks() -> None:
    entry = kept(PLAIN, b"x" * 3000, tag=b'"a"')
    before = entry.size
    assert first_reply(reading(accept_encoding="gzip"), entry, SITES) is not None
    assert (entry.size, entry.made) == (before, {})
    reply_to(reading(accept_encoding="gzip"), entry, SITES)
    assert entry.made


def test_a_body_is_named_only_where_the_monitor_did_not(monkeypatch: pytest.MonkeyPatch) -> None:
    named = []
    digest = Body.digest
    monkeypatch.setattr(Body, "digest", lambda body: named.append(body) or digest(body))
    first_reply(reading(), kept(PLAIN, b"x", tag=b'"a"'), SITES)
    assert named == []
    entry = kept(PLAIN, b"x")
    first_reply(reading(), entry, SITES)
    reply_to(reading(), entry, SITES)
    assert named == [entry.body]


@pytest.mark.parametrize(
    "asked",
    [{"accept_encoding": "gzip"}, {"range": "bytes=0-1"}, {"if_none_match": '"a"'}, {"if_modified_since": "x"}],
)
def test_what_takes_more_than_what_is_there_is_made_for_all(asked: dict[str, str]) -> None:
    assert first_reply(reading(**asked), kept(TEXT, b"x" * 3000), SITES) is None
