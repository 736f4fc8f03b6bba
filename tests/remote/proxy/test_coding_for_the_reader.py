"""What coding a reader gets (RFC 9110 12.5.3), and that every header stays true of the body in it."""

import time

import pytest

from swf_remote.proxy.coding.negotiation import Accepted
from swf_remote.proxy.page import PageContext
from swf_remote.proxy.policy.routes import Kind, Rewriting, Route
from swf_remote.proxy.response import Answer, Asked, reader_answer
from tests.remote.proxy.bodies import SITES
from tests.remote.proxy.test_answer_to_the_reader import passed, values
from tests.remote.proxy.test_codings import CODERS, decoded

TEXT = Route("x")
FILES = Route("x", kind=Kind.STATIC, rewriting=Rewriting.FILES)
AS_IT_IS = Route("x", kind=Kind.STATIC, rewriting=Rewriting.NONE)
HTML = (b"Content-Type", b"text/html; charset=utf-8")
PLAIN = (b"Content-Type", b"text/plain")
TAG = (b"ETag", b'"a"')
PAGE = PageContext(b"<div></div>")
BODY = b'<a href="/swf-monitor/x">' * 100


def answered(
    *headers: tuple[bytes, bytes],
    accept: bytes | None = b"gzip",
    route: Route = TEXT,
    method: str = "GET",
    **asked: bool,
) -> Answer:
    """The reader's answer when `accept` is the reader's ``Accept-Encoding``."""
    wish = Asked(method, accept, **asked)
    return reader_answer(200, headers, asked=wish, route=route, sites=SITES, page=PAGE)


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, None),
        (b"", None),
        (b"identity", None),
        (b"compress, sdch", None),
        (b"gzip", b"gzip"),
        (b"x-gzip", b"gzip"),
        (b"GZIP", b"gzip"),
        (b"gzip, deflate, br", b"br"),
        (b"gzip, deflate, br, zstd", b"zstd"),
        (b"br;q=0.9, gzip;q=1.0", b"gzip"),
        (b"br;q=0, gzip;q=0.001", b"gzip"),
        (b"gzip;q=0", None),
        (b"*", b"zstd"),
        (b"*;q=0.5, zstd;q=0", b"br"),
        (b"*;q=0", None),
        (b"gzip;q=0.5, identity", None),
        (b"gzip;q=0.5, identity;q=0.5", b"gzip"),
        (b"identity;q=0, gzip", b"gzip"),
        (b"gzip;q=2, br;q=x, zstd;q=0.1234", None),
        (b"gzip ; q=0.3 ,, br\t;\tQ=0.2", b"gzip"),
        (b"gzip;q=0, gzip", None),
    ],
)
def test_the_readers_liked_coding_is_chosen_and_ours_among_equals(accept: bytes | None, chosen: bytes | None) -> None:
    assert Accepted(accept).chosen() == chosen
    answer = answered(HTML, accept=accept)
    assert values(answer, b"content-encoding") == ([chosen] if chosen else [])
    assert decoded(chosen or b"", passed(answer.passage, BODY, 64)) == BODY.replace(b"swf-monitor", b"prod")


@pytest.mark.parametrize(("coding", "coder"), CODERS)
def test_a_page_is_decoded_rewritten_and_encoded_again(coding: bytes, coder: object) -> None:
    assert callable(coder)
    answer = answered(HTML, (b"Content-Encoding", coding), accept=b"br")
    assert decoded(b"br", passed(answer.passage, coder(BODY), 7)) == BODY.replace(b"swf-monitor", b"prod")


def test_codings_in_several_lines_are_all_undone() -> None:
    lines = [(b"Content-Encoding", b"deflate"), (b"Content-Encoding", b"gzip")]
    coder = dict(CODERS)[b"deflate, gzip"]
    assert passed(answered(HTML, *lines, accept=None).passage, coder(BODY)) == BODY.replace(b"swf-monitor", b"prod")


@pytest.mark.parametrize("kind", ["text/html", "application/json", "text/css", "text/javascript", "text/plain", "text/csv", "image/svg+xml", "application/problem+json"])  # fmt: skip  # noqa: E501
def test_texts_are_encoded_and_say_that_others_may_get_them_plain(kind: str) -> None:
    answer = answered((b"Content-Type", kind.encode()), (b"Content-Length", b"2000"))
    assert values(answer, b"content-encoding") == [b"gzip"]
    assert values(answer, b"content-length") == []
    assert b"Accept-Encoding" in b", ".join(values(answer, b"vary"))
    plain = answered((b"Content-Type", kind.encode()), (b"Content-Length", b"2000"), accept=None)
    assert b"Accept-Encoding" in b", ".join(values(plain, b"vary"))


@pytest.mark.parametrize("kind", ["image/png", "application/zip", "text/event-stream", "application/octet-stream", ""])
def test_other_bodies_and_event_streams_are_not_encoded(kind: str) -> None:
    answer = answered((b"Content-Type", kind.encode()), (b"Content-Length", b"2000"))
    assert answer.passage is None
    assert values(answer, b"vary") == values(answer, b"content-encoding") == []


def test_a_small_body_is_not_worth_a_coding_unless_plain_ones_are_refused() -> None:
    small = (b"Content-Length", b"1023")
    assert values(answered(HTML, small), b"content-encoding") == []
    assert values(answered(HTML, small, accept=b"gzip, identity;q=0"), b"content-encoding") == [b"gzip"]
    assert values(answered(HTML, (b"Content-Length", b"1024")), b"content-encoding") == [b"gzip"]
    # The length of an encoded body says little of the plain one.
    assert values(answered(HTML, small, (b"Content-Encoding", b"gzip")), b"content-encoding") == [b"gzip"]


def test_what_must_not_be_transformed_is_not_encoded() -> None:
    assert values(answered(HTML, (b"Cache-Control", b"private, No-Transform")), b"content-encoding") == []
    assert values(answered(HTML, no_transform=True), b"content-encoding") == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirects_few_words_are_not_encoded(status: int) -> None:
    answer = reader_answer(status, [HTML], asked=Asked("GET", b"gzip"), route=TEXT, sites=SITES, page=PAGE)
    assert values(answer, b"content-encoding") == []


def test_an_encoded_body_with_nothing_to_rewrite_passes_as_it_is_where_the_reader_takes_it() -> None:
    headers = [PLAIN, (b"Content-Encoding", b"zstd"), (b"Content-Length", b"7"), TAG]
    answer = answered(*headers, accept=b"zstd, gzip")
    assert answer.passage is None
    assert values(answer, b"content-encoding") == [b"zstd"]
    assert (values(answer, b"content-length"), values(answer, b"etag")) == ([b"7"], [b'"a"'])
    assert values(answer, b"vary") == [b"Accept-Encoding"]


def test_an_encoded_body_is_decoded_where_the_reader_does_not_take_it() -> None:
    coder = dict(CODERS)[b"zstd"]
    answer = answered((b"Content-Type", b"image/png"), (b"Content-Encoding", b"zstd"), (b"Content-Length", b"7"), TAG)
    assert passed(answer.passage, coder(b"bytes")) == b"bytes"
    assert values(answer, b"content-encoding") == values(answer, b"content-length") == []
    assert values(answer, b"etag") == [b'W/"a"']
    assert values(answer, b"vary") == [b"Accept-Encoding"]


def test_other_bytes_of_the_same_text_have_a_weak_tag_only() -> None:
    assert values(answered(PLAIN, TAG), b"etag") == [b'W/"a"']
    assert values(answered(PLAIN, TAG, accept=None), b"etag") == [b'"a"']


@pytest.mark.parametrize("route", [FILES, AS_IT_IS])
def test_files_that_are_not_rewritten_are_the_monitors_bytes(route: Route) -> None:
    """Their parts are parts of these bytes; another coding would make them parts of something else."""
    headers = [
        (b"content-type", b"text/plain"),
        (b"content-length", b"9999"),
        (b"etag", b'"a"'),
        (b"accept-ranges", b"bytes"),
    ]
    answer = answered(*headers, route=route)
    assert answer.passage is None
    assert answer.headers == [*headers, (b"x-robots-tag", b"noindex")]


def test_a_file_that_is_rewritten_is_encoded_and_has_no_parts() -> None:
    answer = answered((b"Content-Type", b"text/css"), TAG, (b"Accept-Ranges", b"bytes"), route=FILES)
    assert values(answer, b"content-encoding") == [b"gzip"]
    assert values(answer, b"accept-ranges") == []
    assert values(answer, b"etag")[0].startswith(b'W/"a.')


@pytest.mark.parametrize("accept", [b"gzip", None])
@pytest.mark.parametrize("headers", [[HTML, TAG], [PLAIN, TAG], [HTML, (b"Content-Encoding", b"gzip")]])
def test_head_says_what_get_would(accept: bytes | None, headers: list[tuple[bytes, bytes]]) -> None:
    head = answered(*headers, accept=accept, method="HEAD")
    assert head.headers == answered(*headers, accept=accept).headers
    assert head.passage is None


@pytest.mark.parametrize(
    ("content_type", "told"),
    [
        (b"text/plain, text/html", b"text/html"),
        (b'text/html; x="a,b"', b'text/html; x="a,b"'),
        (b"text/html,", b"text/html"),
    ],
)
def test_of_several_types_the_one_that_browsers_see_counts(content_type: bytes, told: bytes) -> None:
    answer = answered((b"Content-Type", content_type))
    assert values(answer, b"content-type") == [told]
    assert answer.rewriter is not None


def test_a_type_of_many_commas_takes_no_time() -> None:
    began = time.process_time()
    answered((b"Content-Type", b'a/b;"' + b'",' * 15_000 + b"text/html"))
    assert time.process_time() - began < 1


def test_of_several_type_lines_the_one_that_browsers_see_counts() -> None:
    answer = answered(PLAIN, HTML)
    assert values(answer, b"content-type") == [HTML[1]]
    assert answer.rewriter is not None
