"""Runs of plain tags are rewritten in one step, to the same bytes as tag by tag, however the page is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.proxy.rewriting.html_runs import PlainRuns
from tests.remote.proxy.bodies import in_pieces
from tests.remote.proxy.test_any_cut import MARKUP

ROW = (
    '<tr><td class="n"><a href="/swf-monitor/panda/jobs/7/?a=1&amp;b=2">7</a></td><td>x = "y" &nbsp; 3 < 4</td></tr>\n'
)
ODDITIES = [
    *('<a href="/swf-monitor/', '<a href="/swf-monitor', 'x">', '" class="b">', '<a class="b" href="/swf-monitor/y">'),
    *("/swf-monitor/", "&amp;", "&#109;onitor", "?next=/swf-monitor/", '<p title="', "<br/>", "<TD>", "<td x=1>"),
    *("<a href='/swf-monitor/q'>", '<a href="/swf-monitor?x">', "the monitor", 'title="<a href="', "<input checked>"),
    *("nav-auth", "navMode", "csrfmiddlewaretoken", 'data-x="/swf-monitor/"', "<!-- ", "-->", "<script>", "</script>"),
]
PAGES = st.lists(st.sampled_from([ROW, ROW * 5, *ODDITIES, *MARKUP]), max_size=24).map(
    lambda parts: "".join(parts).encode()
)


def tag_by_tag(body: bytes) -> bytes:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(PlainRuns, "end", lambda _self, position: position)
        return in_pieces(body, max(1, len(body)))


@given(PAGES, st.sampled_from([1, 5, 130, 700, 100_000]))
def test_a_page_becomes_the_same_in_runs_as_tag_by_tag(body: bytes, size: int) -> None:
    assert in_pieces(body, size) == tag_by_tag(body)


def test_all_links_of_a_run_are_mapped() -> None:
    assert in_pieces(ROW.encode() * 500, 4096) == ROW.replace("/swf-monitor/", "/prod/").encode() * 500


@pytest.mark.parametrize(
    "markup",
    [
        '<p title="<a href="/swf-monitor/x="y">',
        '<!-- <a href="/swf-monitor/x"> -->',
        '<textarea><a href="/swf-monitor/x"></textarea>',
        '<p>&lt;a href="/swf-monitor/x"</p>',
    ],
)
def test_what_only_looks_like_a_link_stays(markup: str) -> None:
    body = (ROW + markup + ROW).encode()
    mapped = ROW.replace("/swf-monitor/", "/prod/")
    assert in_pieces(body, 4096) == (mapped + markup + mapped).encode()
