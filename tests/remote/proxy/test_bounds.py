"""Endless lines, literals and nestings: bounded memory, linear time, no crash."""

import time

import pytest

from swf_remote.proxy.rewriting import css, html, javascript, json
from tests.remote.proxy.bodies import CSS, HTML, JAVASCRIPT, JSON, in_pieces, rewriter

# The rules are the same for any limit; a low one keeps the test quick.
LIMIT = 32_768
PIECE = 4_096
ENDLESS = {
    "a line of text": (HTML, b"", b"monitor "),
    "a tag": (HTML, b"<a ", b"monitor=1 "),
    "an attribute's value": (HTML, b'<a href="', b"monitor/"),
    "a comment": (HTML, b"<!--", b" monitor -"),
    "unclosed tags": (HTML, b"", b"<a monitor"),
    "open brackets": (HTML, b"", b'"<'),
    "nested elements": (HTML, b"", b"<b><i>"),
    "a script's string": (HTML, b"<script>'", b"monitor"),
    "a string": (JAVASCRIPT, b'"', b"monitor\\n"),
    "a template": (JAVASCRIPT, b"`", b"monitor"),
    "nested templates": (JAVASCRIPT, b"", b"`${"),
    "a comment in a script": (JAVASCRIPT, b"/*", b"* monitor "),
    "slashes": (JAVASCRIPT, b"", b"= /["),
    "brackets": (HTML, b"", b"<"),
    "references": (HTML, b'<a href="monitor', b"&#"),
    "long references": (HTML, b'<a href="monitor', b"&" + b"a" * 50),
    "zeros of references": (HTML, b'<a href="monitor&#', b"0" * 30),
    "comments and scripts in a script": (HTML, b"<script>", b"<!--<script>"),
    "ends of comments in a script": (HTML, b"<script><!--", b"--><!--"),
    "beginnings of end tags in a script": (HTML, b"<script>", b"</scrip monitor"),
    "templates": (HTML, b"", b"<template>"),
    "blocks in the corner": (HTML, b'<div class="nav-auth">', b"<div><!--"),
    "corners": (HTML, b"", b'<div class="nav-auth">'),
    "ways up in a URL": (HTML, b"<a href='", b"../monitor"),
    "dots in a URL": (HTML, b"<a href='", b"/./monitor"),
    "line ends in a URL": (HTML, b"<a href='/", b"\n\tmonitor"),
    "escapes of escapes in a URL": (HTML, b"<a href='?a=%", b"25monitor"),
    "values in a URL": (HTML, b"<a href='?monitor", b"&%3F=%3D"),
    "backslashes in a script": (JAVASCRIPT, b"'monitor", b"\\"),
    "backslashes in code": (JAVASCRIPT, b"", b"\\ monitor"),
    "comments in the manner of HTML": (JAVASCRIPT, b"", b"<!-- monitor\n-->"),
    "countdowns": (JAVASCRIPT, b"navMode", b"--"),
    "writing the mode": (JAVASCRIPT, b"", b"localStorage.navMode = "),
    "names of the mode": (JAVASCRIPT, b"", b"navMode"),
    "backticks and keys": (JAVASCRIPT, b"", b"`navMode"),
    "mentions between plain tags": (HTML, b"", b"<td>x</td>" * 30 + b"monitor"),
    "links of another form": (HTML, b"", b"<a href='/monitor/x'>"),
    "mentions between plain strings": (JSON, b"[", b'"<b>x</b>",' * 30 + b'"monitor",'),
    "strings without an end between them": (JSON, b"[", b'"<b>x</b>"'),
    "a string in JSON": (JSON, b'"', b'monitor\\"'),
    "nested arrays": (JSON, b"", b"["),
    "a picture in a sheet": (CSS, b"a{b:url(", b"monitor"),
    "a string in a sheet": (CSS, b'"', b"monitor"),
    "escapes in a sheet": (CSS, b"", b"\\aaaaaa"),
    "escapes before strings in a sheet": (CSS, b"", b"\\aaaaaa" * 20 + b"'monitor'"),
    "brackets in a sheet": (CSS, b"", b"u\\72l("),
    "image sets": (CSS, b"", b"image-set('monitor',"),
    "comments in a sheet": (CSS, b"", b"/**/'monitor'"),
    "rules of a sheet": (CSS, b"", b"@import/*"),
}


@pytest.fixture(autouse=True)
def low_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The longest piece looked at as a whole."""
    for module in (html, javascript, css, json):
        monkeypatch.setattr(module, "LIMIT", LIMIT)


@pytest.mark.parametrize(("content_type", "begin", "again"), ENDLESS.values(), ids=ENDLESS.keys())
def test_an_endless_construct_passes_in_bounded_memory(content_type: str, begin: bytes, again: bytes) -> None:
    fed = rewriter(content_type)
    piece = (again * PIECE)[:PIECE]
    held = len(begin) - len(fed.feed(begin))
    for _ in range(24):
        held += len(piece) - len(fed.feed(piece))
        assert held <= 1.6 * LIMIT + PIECE
    assert len(fed.finish()) == held


@pytest.mark.parametrize(("content_type", "begin", "again"), ENDLESS.values(), ids=ENDLESS.keys())
def test_time_grows_no_faster_than_the_body(content_type: str, begin: bytes, again: bytes) -> None:
    def seconds(count: int) -> float:
        body = begin + again * count
        started = time.process_time()
        in_pieces(body, PIECE, content_type)
        return time.process_time() - started

    short = max(seconds(4_000), seconds(4_000), 0.01)
    assert min(seconds(16_000), seconds(16_000)) < 4 * 4 * short


def test_small_pieces_of_a_long_string_take_linear_time() -> None:
    started = time.process_time()
    in_pieces(b'["' + b"monitor " * 4_000 + b'"]', 16, JSON)
    assert time.process_time() - started < 10


def test_a_url_behind_a_value_that_is_too_long_is_still_mapped() -> None:
    source = b'<a title="' + b"x" * (LIMIT + 10) + b'" href="/swf-monitor/x"><b id="/swf-monitor/">'
    assert in_pieces(source, PIECE) == source.replace(b'"/swf-monitor/x', b'"/prod/x')


def test_fifty_megabytes_in_one_line_are_never_held() -> None:
    line = b'<p title="x">monitor <b>y</b> ' + b"and so on " * 6_000
    fed, most, held = rewriter(), 0, 0
    for _ in range(50_000_000 // len(line)):
        held += len(line) - len(fed.feed(line))
        most = max(most, held)
    assert len(fed.finish()) == held
    assert most <= PIECE + len(line)


def test_script_behind_a_tag_that_is_too_long_is_still_script() -> None:
    source = b'<script data-x="' + b"x" * (LIMIT + 10) + b'">a = \'<a href="/swf-monitor/x">\'</script>'
    assert in_pieces(source, PIECE) == source.replace(b"/swf-monitor", b"/prod")
