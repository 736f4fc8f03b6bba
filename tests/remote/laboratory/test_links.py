"""The crawl's own eyes: it sees every kind of link, and knows which lead where nobody outside can go."""

from __future__ import annotations

import pytest

from tests.remote.laboratory.links import Link, Reach, links_in_json, links_of

PAGE = "http://127.0.0.1:8000/prod/panda/jobs/"
REACH = Reach("http://127.0.0.1:8000", named=frozenset({"github.com"}), loaded=frozenset({"cdn.jsdelivr.net"}))


@pytest.mark.parametrize(
    "good",
    [
        "/prod/",
        "/prod/prod/?tab=ops",
        "?days=7",
        "../tasks/",
        "#section",
        "",
        "javascript:void(0)",
        "https://github.com/x/swf-monitor/",
        "https://cdn.jsdelivr.net/a.js",
        "/prod/accounts/login/?next=/prod/panda/",
    ],
)
def test_a_link_that_stays_or_may_leave_is_no_fault(good: str) -> None:
    assert REACH.fault(Link("a", "href", good), PAGE) is None


@pytest.mark.parametrize(
    "bad",
    [
        "/swf-monitor/panda/",
        "/panda/",
        "../../../panda/",
        "/prod/prod/panda/",
        "/prod/swf-monitor/panda/",
        "/production/",
        "//localhost:8443/prod/",
        "http://127.0.0.1:18443/prod/",
        "http://localhost/prod/",
        "https://pandaserver02.sdcc.bnl.gov/swf-monitor/",
        "/prod/accounts/login/?next=/swf-monitor/panda/",
        "/prod/accounts/login/?next=%2Fswf-monitor%2Fpanda%2F",
    ],
)
def test_a_link_that_leads_away_is_a_fault(bad: str) -> None:
    assert REACH.fault(Link("a", "href", bad), PAGE) is not None


def test_a_host_that_may_be_named_may_not_be_loaded_from() -> None:
    assert REACH.fault(Link("img", "src", "https://github.com/x.png"), PAGE) is not None
    assert REACH.fault(Link("a", "href", "https://github.com/x.png"), PAGE) is None


def test_every_place_of_a_url_is_seen() -> None:
    markup = (
        '<a href="1"><img src="2" srcset="3 1x, 4 2x"><form action="5"><button formaction="6"><video poster="7">'
        '<meta http-equiv="refresh" content="0; url=8"><div data-body-url="9"><template><a href="10"></template>'
    )
    assert {link.written for link in links_of(markup)} >= {str(number) for number in range(1, 11)}


def test_cells_and_bare_paths_of_json_are_seen() -> None:
    body = rb'{"data": [["<a href=\"/x/\">1</a>", 2]], "catalog_url": "/y/", "words": "see /z/"}'
    assert {link.written for link in links_in_json(body)} == {"/x/", "/y/"}
