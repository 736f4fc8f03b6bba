"""What is for speed only changes nothing: stretches, runs and plain strings give the same bytes as a close look.

The shortest and longest stretches are set low here, so that short bodies have many, and their edges fall anywhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swf_remote.proxy.page import PageContext
from swf_remote.proxy.rewriting import cells as cells_rewriting
from swf_remote.proxy.rewriting import json as json_rewriting
from swf_remote.proxy.rewriting import rewriter_for, stretches
from swf_remote.proxy.rewriting.html_runs import PlainRuns
from swf_remote.proxy.rewriting.stretches import Stretches
from tests.remote.proxy.bodies import CONTROLS, HTML, JSON, SITES
from tests.remote.proxy.test_any_cut import MARKUP
from tests.remote.proxy.test_cells_in_streams import PIECES as CELLS
from tests.remote.proxy.test_long_runs import ODDITIES, ROW

TAGS = [
    *(
        "<!-- x -->",
        "<!---->",
        "<!-->",
        "<!--->",
        "<!-- -- -->",
        "<!doctype html>",
        "<!x",
        "<TD A='b' c=d>",
        "<P>",
        "<i>",
    ),
    *("<TITLE>", "</Title>", "<textarea x>", "<noscript>", "<noembed>", "<iframe>", "<i x>", "<plaintext x", "<time>"),
    *("<xmp>", "</xmp>", "<math>", "</math>", "<template/>", "<svg/>", "<image>", "<picture>", "<param>", "<p/>"),
    *(
        "<b c=>",
        "<b =c>",
        "<b c = 'd'>",
        "<b c='d'e>",
        "<b c=d/>",
        "<b c d>",
        '<b c="d"e>',
        "<b\n\tc='d'\f>",
        "<b c=`d`>",
    ),
    *("<1", "< ", "<<b>", "</>", "</ b>", "</b c>", "mon", "itor", "&am", "é", "\0", "`"),
    *(
        '<a href="/swf-monitor/x?a&lt;">',
        '<a href="/swf-monitor/&amp;x">',
        '<a href="/swf-monitor/&am">',
        "<A HREF=/swf-monitor/>",
    ),
    *(
        '<a href="/swf-monitor?n=/swf-monitor/">',
        "<input name=csrfmiddlewaretoken value=x>",
        "<a b='<a href=\"/swf-monitor/x\">'>",
    ),
]
VALUES = [
    *(
        '"<a href=\\"/swf-monitor/x\\">x</a>",',
        '"<a href=\\"/swf-monitor/x?a=1&b=2\\">x</a>",',
        '"a",',
        '"a":',
        '["x", 1],',
    ),
    *(
        '"<a href=\\"/swf-monitor/x?a=1&amp;b\\">x</a>",',
        '"<b>x</b>",',
        '"<b>x</b>":',
        '"<foo bar>",',
        '"<data>",',
        '"<style>",',
    ),
    *(
        '"\\u003cb>",',
        '"\\u005c",',
        '"\\u00e9\\u1234",',
        '\\",',
        "alarms",
        "teams",
        '"/swf-monitor/x",',
        '"<1>",',
        '"a < b",',
    ),
    *('"<a title=\\"x\\" href=\\"/swf-monitor/x\\">",', '"<input type=\\"checkbox\\">",', '"<<b>",', '"<font-face>",'),
    *('"<b style=\\"color: red;width: 3px\\">",', '"<b style=\\"color: red\\">",', '"<a href=\\"/swf-monitor\\">",'),
]
LINK = '<a href="/swf-monitor/x">x</a>'
ORDINARY = [
    *(
        ROW,
        ROW * 3,
        LINK,
        LINK,
        "<td>",
        "<b class='c'>",
        "<!-- x -->",
        "words ",
        '<a href="/swf-monitor?a">',
        "<!doctype x>",
    ),
    *(
        '<a href="/swf-monitorx/">',
        "<textarea>",
        "<title>",
        "<script>",
        "<svg>",
        "<iframe>",
        "<xmp>",
        "<plaintext>",
        "<style>",
    ),
    *("</textarea>", "</title>", "</script>", "</svg>", "</iframe>", "</xmp>", "</style>", "<noembed>", "</noembed>"),
]
ORDINARY_VALUES = [
    *(
        '"<a href=\\"/swf-monitor/x\\">x</a>",',
        '"<b>x</b>",',
        '"words",',
        '1, "k":',
        '"<a href=\\"/swf-monitorx/\\">",',
    ),
    *('"<a href=\\"/swf-monitor?x\\">",', '"\\u003cimg src=x onerror=a>",', '"/swf-monitor/x",', '"<b>x</b>": 1,'),
]


def texts(ordinary: list[str], odd: list[str]) -> st.SearchStrategy[bytes]:
    """Mostly what runs are made of, with something else in between."""
    plain = st.sampled_from(ordinary)
    return st.lists(st.one_of(plain, plain, plain, st.sampled_from(odd)), max_size=24).map("".join).map(str.encode)


PAGES = texts(ORDINARY, [*TAGS, *ODDITIES, *MARKUP])
DATA = texts(ORDINARY_VALUES, [*VALUES, *CELLS])
SIZES = st.sampled_from([1, 7, 50, 300, 100_000])


def in_pieces(body: bytes, size: int, content_type: str, *, cells: bool = False) -> bytes:
    rewriter = rewriter_for(content_type, SITES, PageContext(CONTROLS), cells=cells)
    assert rewriter is not None
    pieces = [rewriter.feed(body[start : start + size]) for start in range(0, len(body), size)]
    return b"".join([*pieces, rewriter.finish()])


@contextmanager
def short_stretches(longest: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        for name, value in (("_SHORTEST", 1), ("_SHORT", min(longest, 60)), ("_LONGEST", longest)):
            patched.setattr(stretches, name, value)
        yield


@contextmanager
def closely() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(PlainRuns, "end", lambda _self, position: position)
        patched.setattr(Stretches, "end", lambda _self, _view, position, _limit: position)
        patched.setattr(json_rewriting, "end_of_run", lambda _text, start, _end: start)
        for module in (cells_rewriting, json_rewriting):
            patched.setattr(module, "is_plain", lambda _text, _start, _end: False)
        yield


@settings(max_examples=400, deadline=None)
@given(PAGES, SIZES, st.sampled_from([60, 300, 100_000]))
def test_pages_become_the_same(body: bytes, size: int, longest: int) -> None:
    with short_stretches(longest):
        quick = in_pieces(body, size, HTML)
    with closely():
        assert in_pieces(body, max(1, len(body)), HTML) == quick


@pytest.mark.parametrize("cells", [False, True], ids=["trusted", "cells"])
def test_data_becomes_the_same(cells: bool) -> None:
    @settings(max_examples=400, deadline=None)
    @given(DATA, SIZES, st.sampled_from([60, 300, 100_000]))
    def holds(body: bytes, size: int, longest: int) -> None:
        with short_stretches(longest):
            quick = in_pieces(body, size, JSON, cells=cells)
        with closely():
            assert in_pieces(body, max(1, len(body)), JSON, cells=cells) == quick

    holds()
