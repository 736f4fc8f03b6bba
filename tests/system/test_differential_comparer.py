"""The comparer of the differential test notices what it is there to notice."""

from __future__ import annotations

import pytest

from tests.system.differential import Comparison, Move, header_differences

PAGE = """<!doctype html><html lang="en"><head><title>Jobs</title>
<script>const mode = localStorage.getItem('navMode'); const url = '/swf-monitor/panda/jobs/' + id;</script>
<style>.x { background: url(/swf-monitor/static/x.png) }</style></head><body>
<!-- /swf-monitor/ in words --><div class="nav-auth"><a href="/swf-monitor/accounts/login/?next=/swf-monitor/">Login</a></div>
<main><div class="main-time-info"><a href="https://pandaserver02.sdcc.bnl.gov/swf-monitor/panda/">Go</a> Built at
<time datetime="2026-11-24T03:00:00+00:00">20261124 03:00:00 UTC</time></div>
<a class="a b" href="/swf-monitor/panda/jobs/?days=7&amp;next=/swf-monitor/x/" onclick="go('/swf-monitor/panda/')">7 &amp; 8</a>
<input type="hidden" name="csrfmiddlewaretoken" value="abc"><input type="hidden" name="next" value="/swf-monitor/panda/">
<svg class="strip"><rect x="101.3" width="898.7"></rect></svg><svg class="other"><rect x="101.3"></rect></svg>
<pre>GET /swf-monitor/panda/</pre><div data-url="/swf-monitor/y/"></div></main></body></html>"""  # noqa: E501
SHOWN = (
    PAGE.replace("localStorage.getItem('navMode')", "'production'")
    .replace('"/swf-monitor/', '"/prod/')
    .replace("'/swf-monitor/", "'/prod/")
    .replace("(/swf-monitor/", "(/prod/")
    .replace("=/swf-monitor/", "=/prod/")
    .replace("03:00:00", "03:00:01")
    .replace('value="abc"', 'value=""')
    .replace('width="898.7"', 'width="898.6"')
    .replace(">Login<", " class=ours>Log in</a><b>more</b><")
)
SEEDED = {
    "text": ("7 &amp; 8", "7 &amp; 9"),
    "lost node": ("<pre>GET /swf-monitor/panda/</pre>", ""),
    "added node": ("</main>", "<p>more</p></main>"),
    "rewritten text": ("<pre>GET /swf-monitor/", "<pre>GET /prod/"),
    "rewritten comment": ("<!-- /swf-monitor/", "<!-- /prod/"),
    "unmapped link": ('href="/prod/panda/jobs/?', 'href="/swf-monitor/panda/jobs/?'),
    "twice mapped": ('href="/prod/panda/jobs/?', 'href="/prod/prod/panda/jobs/?'),
    "unmapped next": ("next=/prod/x/", "next=/swf-monitor/x/"),
    "unmapped string": ("'/prod/panda/jobs/'", "'/swf-monitor/panda/jobs/'"),
    "script": ("+ id;", "+ ID;"),
    "handler": ("go('/prod/panda/')", "go('/swf-monitor/panda/')"),
    "style": ("url(/prod/", "url(/swf-monitor/"),
    "data": ('data-url="/prod/', 'data-url="/swf-monitor/'),
    "hidden field": ('value="/prod/panda/"', 'value="/swf-monitor/panda/"'),
    "class": ('class="a b"', 'class="b a"'),
    "lost attribute": (' lang="en"', ""),
    "absolute link": ("https://pandaserver02.sdcc.bnl.gov/swf-monitor/", "/prod/"),
    "time elsewhere": ("7 &amp; 8", "20261124 03:00:00 UTC"),
    "navigation mode": ("'production'", "'testbed'"),
    "strip of another time": ('width="898.6"', 'width="880.0"'),
    "drawing": ('class="other"><rect x="101.3"', 'class="other"><rect x="101.4"'),
    "title": ("<title>Jobs", "<title>Jobs "),
}


def page_differences(shown: str) -> list[str]:
    return Comparison(Move()).pages(PAGE, shown)


def test_allowed_differences_pass() -> None:
    assert page_differences(SHOWN) == []


@pytest.mark.parametrize("name", SEEDED)
def test_a_seeded_difference_is_found(name: str) -> None:
    before, after = SEEDED[name]
    assert before in SHOWN
    assert page_differences(SHOWN.replace(before, after, 1)) != []


DATA = (
    b'{"draw": 1, "rate": 0.10, "rows": '
    b'[["<a href=\\"/swf-monitor/x/\\">\\u00b5</a>", "/swf-monitor/y/", null, "a/swf"]]}'
)
DATA_SHOWN = DATA.replace(b"/swf-monitor/", b"/prod/")


def test_mapped_data_pass() -> None:
    assert Comparison(Move()).data(DATA, DATA_SHOWN) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"0.10", b"0.1"),
        (b"1,", b'"1",'),
        (b"null", b'""'),
        (b'"draw": 1, "rate": 0.10', b'"rate": 0.10, "draw": 1'),
        (b"/prod/x/", b"/swf-monitor/x/"),
        (b'"/prod/y/"', b'"/swf-monitor/y/"'),
        (b"\\u00b5", b"u"),
        (b', "a/swf"', b""),
    ],
)
def test_a_seeded_difference_in_data_is_found(before: bytes, after: bytes) -> None:
    assert before in DATA_SHOWN
    assert Comparison(Move()).data(DATA, DATA_SHOWN.replace(before, after, 1)) != []


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"content-type": "text/html"}, {"content-type": "text/html; charset=utf-8"}),
        ({"allow": "GET"}, {}),
        ({"location": "/swf-monitor/x/"}, {"location": "/swf-monitor/x/"}),
        ({"vary": "Cookie, Accept"}, {"vary": "Cookie"}),
        ({}, {"x-powered-by": "me"}),
        ({"content-disposition": "inline"}, {}),
    ],
)
def test_a_seeded_difference_in_headers_is_found(said: dict[str, str], shown: dict[str, str]) -> None:
    assert list(header_differences(said, shown, Move(), rewritten=True)) != []


def test_the_validators_of_a_file_that_is_not_rewritten_must_stay() -> None:
    assert list(header_differences({"etag": '"a"'}, {"etag": '"b"'}, Move(), rewritten=False)) != []
