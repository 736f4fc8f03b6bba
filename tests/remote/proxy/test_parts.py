"""Parts (RFC 9110 14) pass only where bodies do; a part of what is rewritten is never passed on."""

import pytest

from swf_remote.proxy.headers import Field
from swf_remote.proxy.page import PageContext
from swf_remote.proxy.policy.routes import Kind, Rewriting, Route
from swf_remote.proxy.request import UpstreamRequest, upstream_request
from swf_remote.proxy.response import Answer, Asked, BrokenAnswer, PartOnly, reader_answer
from tests.remote.proxy.bodies import SITES
from tests.remote.proxy.test_answer_to_the_reader import values

FILES = Route("x", kind=Kind.STATIC, rewriting=Rewriting.FILES)
AS_IT_IS = Route("x", kind=Kind.STATIC, rewriting=Rewriting.NONE)
TEXT = Route("x", kind=Kind.STATIC, rewriting=Rewriting.TEXT)
CELLS = Route("x", kind=Kind.DATA, rewriting=Rewriting.CELLS)
STREAM = Route("x", kind=Kind.STREAM, rewriting=Rewriting.NONE)
PAGE = PageContext(b"<div>alice</div>")
DATE = b"Mon, 23 Nov 2026 21:06:22 GMT"
PART = (b"Content-Range", b"bytes 0-9/20")


def answered(*headers: Field, route: Route, status: int = 206, asked: Asked | None = None) -> Answer:
    return reader_answer(status, headers, asked=asked or Asked(range=True), route=route, sites=SITES, page=PAGE)


def asked(route: Route, *headers: Field, method: str = "GET") -> dict[str, str]:
    request = upstream_request(
        method, b"/prod/x", b"", headers, route=route, sites=SITES, remote_user=None, host="m", page=PAGE
    )
    return dict(request.headers)


@pytest.mark.parametrize("route", [FILES, AS_IT_IS])
def test_a_part_of_a_file_that_is_not_rewritten_passes(route: Route) -> None:
    answer = answered((b"Content-Type", b"image/png"), PART, (b"Content-Length", b"10"), route=route)
    assert (answer.status, answer.passage) == (206, None)
    assert values(answer, b"content-range") == [PART[1]]
    assert values(answer, b"content-length") == [b"10"]


@pytest.mark.parametrize("kind", ["text/css", "image/svg+xml", "text/javascript", "text/html", "multipart/byteranges; boundary=x"])  # fmt: skip  # noqa: E501
@pytest.mark.parametrize("route", [FILES, TEXT, CELLS])
def test_a_part_of_what_is_rewritten_is_asked_for_whole(kind: str, route: Route) -> None:
    with pytest.raises(PartOnly):
        answered((b"Content-Type", kind.encode()), PART, route=route)


@pytest.mark.parametrize("route", [FILES, AS_IT_IS, TEXT])
def test_a_part_that_nobody_asked_for_is_asked_for_whole(route: Route) -> None:
    with pytest.raises(PartOnly):
        answered((b"Content-Type", b"image/png"), PART, route=route, asked=Asked())


def test_a_part_that_cannot_be_passed_is_a_broken_answer_to_whoever_cannot_ask_again() -> None:
    assert issubclass(PartOnly, BrokenAnswer)


def test_an_unsatisfiable_range_is_told_with_the_files_length() -> None:
    answer = answered((b"Content-Range", b"bytes */20"), (b"Content-Type", b"text/plain"), route=FILES, status=416)
    assert (answer.status, values(answer, b"content-range")) == (416, [b"bytes */20"])


def test_ranges_reach_the_monitor_only_where_parts_pass() -> None:
    wishes = ((b"Range", b"bytes=0-9"), (b"If-Range", b'"a"'), (b"Accept-Encoding", b"gzip, sdch"))
    assert {"range": "bytes=0-9", "if-range": '"a"', "accept-encoding": "gzip, sdch"}.items() <= asked(
        AS_IT_IS, *wishes
    ).items()
    assert {"range": "bytes=0-9", "if-range": '"a"', "accept-encoding": "identity"}.items() <= asked(
        FILES, *wishes
    ).items()
    for route in (TEXT, CELLS, STREAM):
        assert not {"range", "if-range"} & asked(route, *wishes).keys()


@pytest.mark.parametrize(
    ("accept", "asks"),
    [(b"gzip, br;q=0.5, sdch", "br;q=0.5, gzip"), (b"*", "zstd, br, gzip, deflate"), (b"sdch", "identity"),
     (b"gzip;q=0", "identity"), (None, "identity")],
)  # fmt: skip
def test_a_file_is_asked_for_in_codings_that_reader_and_gateway_know(accept: bytes | None, asks: str) -> None:
    wish = [(b"Accept-Encoding", accept)] if accept is not None else []
    assert asked(FILES, *wish)["accept-encoding"] == asks


def test_an_event_stream_is_asked_for_plain_and_under_no_condition() -> None:
    wishes = ((b"Accept-Encoding", b"gzip"), (b"If-None-Match", b'"a"'), (b"If-Modified-Since", DATE))
    assert asked(STREAM, *wishes) == {"host": "m", "accept-encoding": "identity"}


def test_asking_for_the_whole_leaves_out_parts_and_conditions() -> None:
    names = ["range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since"]
    request = UpstreamRequest("GET", "/x", tuple((name, "x") for name in ["host", *names, "accept"]))
    assert [name for name, _ in request.whole().headers] == ["host", "accept"]


@pytest.mark.parametrize("route", [TEXT, FILES])
@pytest.mark.parametrize("name", ["if-match", "if-none-match"])
def test_our_tags_reach_the_monitor_as_its_own(route: Route, name: str) -> None:
    tag = values(answered((b"Content-Type", b"text/css"), (b"ETag", b'"e"'), route=route, status=200), b"etag")[0]
    assert asked(route, (name.encode(), tag + b', "f"'), method="PUT")[name] == '"e", "f"'


def test_any_tag_at_all_stays_any_tag_at_all() -> None:
    assert asked(TEXT, (b"If-Match", b"*"))["if-match"] == "*"


@pytest.mark.parametrize(("route", "passes"), [(TEXT, True), (FILES, True), (AS_IT_IS, True), (CELLS, False)])
def test_dates_are_asked_of_files_only(route: Route, passes: bool) -> None:
    found = asked(route, (b"If-Modified-Since", DATE), (b"If-Unmodified-Since", DATE))
    assert ("if-modified-since" in found) is passes
    assert found["if-unmodified-since"] == DATE.decode()


def test_a_304_confirms_the_tag_that_the_reader_has() -> None:
    ours = values(answered((b"Content-Type", b"text/css"), (b"ETag", b'"e"'), route=TEXT, status=200), b"etag")[0]
    for known in (ours, b'"e"', b'W/"e"'):
        wish = Asked(if_none_match=b'"x", ' + known)
        answer = answered((b"ETag", b'"e"'), route=TEXT, status=304, asked=wish)
        assert values(answer, b"etag") == [known]
    assert values(answered((b"ETag", b'"e"'), route=TEXT, status=304, asked=Asked(if_none_match=b"*")), b"etag") == [
        ours
    ]


def test_a_304_of_a_page_varies_as_the_page_does() -> None:
    answer = answered(route=Route("x"), status=304, asked=Asked())
    assert values(answer, b"vary") == [b"Cookie, Accept-Encoding"]


@pytest.mark.parametrize("status", [204, 205, 304])
@pytest.mark.parametrize("route", [TEXT, FILES, AS_IT_IS])
def test_an_answer_without_a_body_has_no_length(status: int, route: Route) -> None:
    answer = answered(
        (b"Content-Length", b"9"), (b"Content-Type", b"text/css"), route=route, status=status, asked=Asked()
    )
    assert values(answer, b"content-length") == values(answer, b"content-encoding") == []
    assert values(answer, b"x-robots-tag") == [b"noindex"]
    assert answer.passage is None
