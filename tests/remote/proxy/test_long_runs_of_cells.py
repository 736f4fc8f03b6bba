"""Table answers with common links only are rewritten in one step, to the same bytes as link by link."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.proxy.page import PageContext
from swf_remote.proxy.rewriting import rewriter_for
from swf_remote.proxy.rewriting.stretches import Stretches
from tests.remote.proxy.bodies import JSON, SITES

LINK = '<a href="/swf-monitor/panda/jobs/7/?a=1&b=2">7</a>'
CELLS = [
    *(
        LINK,
        LINK * 4,
        "words",
        '<td title="/swf-monitor/">',
        '<a class="b" href="/swf-monitor/x">y</a>',
        "/swf-monitor/",
    ),
    *(
        '<a href="/swf-monitor/?x=1&#47;">',
        '<a href="/swf-monitor/?x&amp;y">',
        'a href="/swf-monitor/x"',
        "/alarms/teams/1",
    ),
    *('<a href="/swf-monitor">', '<a href="/swf-monitor/?next=/swf-monitor/">', "\\", '"', "<script>", "monitor"),
]


def in_pieces(body: bytes, size: int) -> bytes:
    rewriter = rewriter_for(JSON, SITES, PageContext(), cells=True)
    assert rewriter is not None
    pieces = [rewriter.feed(body[start : start + size]) for start in range(0, len(body), size)]
    return b"".join([*pieces, rewriter.finish()])


def link_by_link(body: bytes) -> bytes:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Stretches, "end", lambda _self, _view, position, _limit: position)
        return in_pieces(body, len(body))


@given(st.lists(st.sampled_from(CELLS), max_size=12), st.sampled_from([1, 7, 130, 700, 100_000]))
def test_an_answer_becomes_the_same_in_runs_as_link_by_link(values: list[str], size: int) -> None:
    body = json.dumps({"data": [values, {LINK: "".join(values)}]}).encode()
    assert in_pieces(body, size) == link_by_link(body)


def test_all_links_of_an_answer_are_mapped() -> None:
    body = json.dumps([[LINK, "words"]] * 500).encode()
    assert in_pieces(body, 4096) == body.replace(b"/swf-monitor/", b"/prod/")
