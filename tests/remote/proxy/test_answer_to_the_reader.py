"""What of the monitor's answer reaches the reader, and what it says there."""

import pytest

from swf_remote.proxy.coding import Passage
from swf_remote.proxy.page import PageContext
from swf_remote.proxy.policy.routes import decide
from swf_remote.proxy.response import Answer, Asked, BrokenAnswer, PartOnly, reader_answer
from tests.remote.proxy.bodies import SITES

HTML = (b"Content-Type", b"text/html; charset=utf-8")
PAGE = b'<a href="/swf-monitor/x">'


def answered(
    *headers: tuple[bytes, bytes],
    status: int = 200,
    path: str = "panda/jobs/",
    method: str = "GET",
    asked: Asked | None = None,
) -> Answer:
    """The reader's answer for one of the monitor's with `headers`."""
    route = decide("GET", path).route
    assert route is not None
    page = PageContext(b"<div></div>", b"/prod/panda/?a=1&b=2")
    return reader_answer(status, headers, asked=asked or Asked(method), route=route, sites=SITES, page=page)


def values(answer: Answer, name: bytes) -> list[bytes]:
    """All values of header `name`."""
    return [value for field, value in answer.headers if field == name]


def passed(passage: Passage | None, body: bytes, size: int = 1 << 20) -> bytes:
    """The body at the end of its way, which must change it, in pieces of `size` bytes."""
    assert passage is not None
    pieces = [piece for start in range(0, len(body), size) for piece in passage.feed(body[start : start + size])]
    return b"".join(pieces) + passage.finish()


@pytest.mark.parametrize(
    "name",
    [
        "Set-Cookie", "Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Trailer", "Server",
        "WWW-Authenticate", "Access-Control-Allow-Origin", "Strict-Transport-Security", "Alt-Svc", "X-Remote-User",
        "Clear-Site-Data", "X-Accel-Redirect", "Content-Length", "Content-MD5", "Accept-Ranges", "Bad_Name",
    ],
)  # fmt: skip
def test_what_is_not_the_readers_does_not_pass(name: str) -> None:
    assert values(answered(HTML, (name.encode(), b"x")), name.lower().encode()) == []


@pytest.mark.parametrize("name", ["Cache-Control", "Expires", "Allow", "Content-Disposition", "Retry-After", "Age"])
def test_other_headers_pass(name: str) -> None:
    assert values(answered(HTML, (name.encode(), b"x")), name.lower().encode()) == [b"x"]


def test_headers_sent_twice_come_once() -> None:
    answer = answered(
        HTML, (b"X-Frame-Options", b"DENY"), (b"X-Frame-Options", b"DENY"), (b"Vary", b"A"), (b"Vary", b"B")
    )
    assert values(answer, b"x-frame-options") == [b"DENY"]
    assert values(answer, b"vary")[:2] == [b"A", b"B"]


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/swf-monitor/panda/jobs/?days=7", "/prod/panda/jobs/?days=7"),
        ("/swf-monitor", "/prod"),
        ("https://pandaserver02.sdcc.bnl.gov/swf-monitor/x", "/prod/x"),
        ("//pandaserver02.sdcc.bnl.gov/swf-monitor/x", "/prod/x"),
        ("https://localhost:18443/swf-monitor/x", "/prod/x"),
        ("http://127.0.0.1:18443/other", "/other"),
        ("/swf-monitor/accounts/login/?next=/swf-monitor/account/", "/prod/accounts/login/?next=/prod/account/"),
        ("/swf-monitor/accounts/login/?next=%2Fswf-monitor%2Fpcs%2F", "/prod/accounts/login/?next=%2Fprod%2Fpcs%2F"),
        ("/swf-monitor/accounts/login/", "/prod/accounts/login/?next=/prod/panda/%3Fa%3D1%26b%3D2"),
        ("/prod/ai/assessments/", "/prod/ai/assessments/"),
        ("../tasks/?a=/swf-monitor/x", "../tasks/?a=/prod/x"),
        ("https://elsewhere.example/swf-monitor/x", "https://elsewhere.example/swf-monitor/x"),
        ("/swf-monitors/x", "/swf-monitors/x"),
    ],
)
def test_a_redirect_leads_to_our_side(location: str, expected: str) -> None:
    answer = answered((b"Location", location.encode()), status=302)
    assert (answer.status, values(answer, b"location")) == (302, [expected.encode()])


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        (b"Content-Location", b"/swf-monitor/a", b"/prod/a"),
        (b"Refresh", b"5; url=/swf-monitor/a", b"5; url=/prod/a"),
        (b"Link", b"</swf-monitor/a.css>; rel=preload, <https://b/>", b"</prod/a.css>; rel=preload, <https://b/>"),
        (b"SourceMap", b"/swf-monitor/a.map", b"/prod/a.map"),
    ],
)
def test_urls_in_other_headers_are_mapped(name: bytes, value: bytes, expected: bytes) -> None:
    assert values(answered(HTML, (name, value)), name.lower()) == [expected]


@pytest.mark.parametrize("status", [200, 202, 300, 404, 500, 502, 503])
def test_any_status_with_a_page_is_content(status: int) -> None:
    answer = answered(HTML, status=status)
    assert answer.status == status
    assert passed(answer.passage, PAGE) == b'<a href="/prod/x">'


@pytest.mark.parametrize("content_type", [b"text/plain; charset=utf-8", b"image/png", b"application/octet-stream", b""])
def test_a_body_that_holds_no_urls_of_pages_passes_as_it_is(content_type: bytes) -> None:
    answer = answered((b"Content-Type", content_type), (b"Content-Length", b"10"), (b"ETag", b'"a"'))
    assert answer.passage is None
    assert (values(answer, b"content-length"), values(answer, b"etag")) == ([b"10"], [b'"a"'])


def test_a_file_that_is_not_rewritten_keeps_all_that_is_true_of_it() -> None:
    headers = [
        (b"content-type", b"image/png"),
        (b"etag", b'"ed4"'),
        (b"accept-ranges", b"bytes"),
        (b"content-range", b"bytes 0-9/20"),
        (b"content-length", b"10"),
        (b"content-encoding", b"gzip"),
        (b"last-modified", b"x"),
    ]
    answer = answered(*headers, status=206, path="static/a.png", asked=Asked(range=True))
    assert answer.headers == [*headers, (b"x-robots-tag", b"noindex"), (b"cache-control", b"no-cache")]


@pytest.mark.parametrize(("status", "method"), [(304, "GET"), (204, "GET"), (200, "HEAD")])
def test_an_answer_without_a_body_has_no_rewriter(status: int, method: str) -> None:
    answer = answered(HTML, (b"ETag", b'W/"a"'), (b"Content-Length", b"9"), status=status, method=method)
    assert answer.passage is None
    assert values(answer, b"content-length") == []
    assert values(answer, b"etag") == values(answered(HTML, (b"ETag", b'"a"')), b"etag")


def test_a_page_varies_with_its_reader_and_has_no_date_of_its_own() -> None:
    answer = answered(HTML, (b"Last-Modified", b"x"))
    assert values(answer, b"vary") == [b"Cookie, Accept-Encoding"]
    assert values(answer, b"last-modified") == []


@pytest.mark.parametrize("path", ["pcs/", "panda/"])
def test_pages_are_asked_for_again_each_time_unless_the_monitor_says_otherwise(path: str) -> None:
    assert values(answered(HTML, path=path), b"cache-control") == [b"private, no-cache"]
    assert values(answered(HTML, (b"Cache-Control", b"no-store"), path=path), b"cache-control") == [b"no-store"]
    assert values(answered(HTML, (b"Expires", b"0"), path=path), b"cache-control") == []


def test_what_was_done_under_a_name_is_private() -> None:
    assert values(answered(HTML, path="pcs/tasks/x/commands/"), b"cache-control") == [b"private"]


def test_a_part_of_a_page_is_never_passed_on() -> None:
    with pytest.raises(PartOnly):
        answered(HTML, status=206)


UNKNOWN = (b"Content-Encoding", b"compress")


def test_a_page_in_an_unknown_coding_is_refused() -> None:
    with pytest.raises(BrokenAnswer):
        answered(HTML, UNKNOWN)
    with pytest.raises(BrokenAnswer):
        answered(HTML, UNKNOWN, method="HEAD")


def test_another_body_in_an_unknown_coding_passes_as_it_is() -> None:
    headers = [(b"content-type", b"image/png"), (b"content-encoding", b"compress"), (b"content-length", b"7")]
    answer = answered(*headers)
    assert answer.passage is None
    assert answer.headers[:3] == headers
