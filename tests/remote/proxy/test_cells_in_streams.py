"""Cells in pieces, endless, by the thousand: any cut gives the same, in bounded memory and linear time."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swf_remote.proxy.rewriting import cells, streaming
from swf_remote.proxy.rewriting import json as json_rewriting
from swf_remote.proxy.rewriting.cells_grammar import is_harmless
from swf_remote.proxy.rewriting.cells_mending import NOTICE, meaning
from swf_remote.proxy.rewriting.json_plain import is_plain
from swf_remote.proxy.rewriting.stretches import Stretches
from tests.remote.proxy.cell_bodies import in_pieces, rewriter
from tests.remote.proxy.harm import harm_in

LOW = 32_768
PIECE = 4_096
ROW = [
    '<a href="/swf-monitor/panda/jobs/167402/">167402</a>',
    '<a href="/swf-monitor/panda/jobs/?days=7&status=failed" style="text-decoration:none;color:inherit;">'
    '<span data-fill="failed_fill" title="(meaning)">failed</span></a>',
    "killed by panda & <user request>",
    "20261123 21:05:18",
    0,
]
HOSTILE_ROW = ["<b onclick=alert(1)>x</b>", "<img src=x onerror=alert(1)>", "<script>alert(1)</script>"]
PIECES = [
    *(
        '"',
        '\\"',
        "\\\\",
        "\\u003c",
        "\\u003C",
        "\\u005c",
        "\\/",
        "\\n",
        "\\x",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        " ",
        "\n",
        "1",
    ),
    *(
        "/swf-monitor/x",
        "swf-monitor",
        "monitor",
        '"/swf-monitor"',
        '<a href=\\"/swf-monitor/x\\">',
        '<a href=\\"/swf-monitor',
    ),
    *(
        '<a class=\\"x\\" href=\\"/swf-monitor?a=1&b=/swf-monitor/\\">',
        "<b>",
        "</b>",
        "<br/>",
        "<user request>",
        "<condor_rm>",
    ),
    *(
        "<",
        ">",
        "<img src=x onerror=a>",
        "<script>",
        "</script>",
        "<!-- x -->",
        "<svg ",
        'title=\\"x\\">',
        "é",
        "\xff",
        "a",
        "/",
    ),
    *(
        '"<b>x</b>"',
        '"<a href=\\"/swf-monitor/x\\">x</a>":',
        '"x" :',
        '"x"',
        '<span data-fill=\\"x_fill\\">',
        "/alarms/teams/@a",
    ),
]
bodies = st.lists(st.sampled_from(PIECES), max_size=40).map(lambda pieces: "".join(pieces).encode("utf-8"))


@pytest.fixture(params=[streaming.LIMIT, 40], ids=["long strings", "short strings"])
def limit(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """The longest string read as a whole; short ones make the rules for longer ones meet every body."""
    set_limit(monkeypatch, request.param)
    if request.param == 40:
        monkeypatch.setattr(streaming, "_PATIENCE", 8)
    return int(request.param)


def set_limit(monkeypatch: pytest.MonkeyPatch, value: int) -> None:
    monkeypatch.setattr(json_rewriting, "LIMIT", value)


def seconds(body: bytes) -> float:
    started = time.process_time()
    in_pieces(body, 1 << 16)
    return time.process_time() - started


def test_any_cut_gives_the_same(limit: int) -> None:
    @settings(max_examples=150, deadline=None)
    @given(bodies, st.integers(1, 50))
    def holds(body: bytes, size: int) -> None:
        assert in_pieces(body, size) == in_pieces(body, 10**6)

    holds()


@settings(max_examples=150, deadline=None)
@given(bodies)
def test_a_second_rewriting_changes_nothing(body: bytes) -> None:
    once = in_pieces(body, 10**6)
    assert in_pieces(once, 10**6) == once


@settings(max_examples=250, deadline=None)
@given(bodies)
def test_many_cells_at_once_are_read_as_one_by_one(body: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        quick = in_pieces(body, 10**6)
        patch.setattr(Stretches, "end", lambda _self, _view, position, _limit: position)
        assert in_pieces(body, 10**6) == quick
        patch.setattr(json_rewriting, "end_of_run", lambda _text, start, _end: start)
        assert in_pieces(body, 10**6) == quick
        for module in (cells, json_rewriting):
            patch.setattr(module, "is_plain", lambda _text, _start, _end: False)
        assert in_pieces(body, 10**6) == quick


@settings(max_examples=250, deadline=None)
@given(bodies.map(lambda body: body.replace(b'\\"', b"\0").replace(b'"', b"").replace(b"\0", b'\\"')))
def test_plain_strings_are_harmless_ones(inside: bytes) -> None:
    string = b'"%b"' % inside
    if is_plain(string, 0, len(string)):
        assert is_harmless(meaning(inside.decode()))
        assert harm_in(meaning(inside.decode())) == []


def test_ordinary_cells_are_recognised_at_once() -> None:
    for markup in ROW[:-1]:
        string = json.dumps(markup).encode()
        assert is_plain(string, 0, len(string)), markup


def test_a_long_string_without_markup_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    set_limit(monkeypatch, LOW)
    source = json.dumps(["a line of a log\t\n" * LOW, "<b>x</b>"]).encode()
    assert in_pieces(source, PIECE) == source


@pytest.mark.parametrize("hidden", ["<img src=x onerror=alert(1)>", "\\u003cimg src=x onerror=alert(1)>"])
@pytest.mark.parametrize("before", [3, LOW - 3, LOW, 3 * LOW])
def test_a_string_too_long_to_be_read_is_cut_where_markup_begins(
    monkeypatch: pytest.MonkeyPatch, hidden: str, before: int
) -> None:
    set_limit(monkeypatch, LOW)
    source = f'["{"x" * before}{hidden}{"<b>y</b>" * LOW}", "<b>next</b>"]'.encode()
    for size in (PIECE, 10**7):
        assert json.loads(in_pieces(source, size)) == ["x" * before + NOTICE, "<b>next</b>"]


@pytest.mark.parametrize("again", ["x", "<b>", '\\"', "\\\\", "&", "<img onerror=a>", "\\u003c"])
def test_an_endless_string_passes_in_bounded_memory(monkeypatch: pytest.MonkeyPatch, again: str) -> None:
    set_limit(monkeypatch, LOW)
    fed = rewriter()
    piece = (again * PIECE)[:PIECE].encode()
    taken = given_back = 0
    for _ in range(64):
        taken += len(piece)
        given_back += len(fed.feed(piece if taken > PIECE else b'["' + piece))
    scanner_state = [value for value in vars(fed).values() if isinstance(value, bytes)]
    assert sum(map(len, scanner_state)) <= 1.6 * LOW + PIECE
    assert given_back <= taken + 2


@pytest.mark.parametrize(
    "row",
    [
        ROW,
        HOSTILE_ROW,
        ["<b>" * 300 + "<img onerror=a>"],
        ["".join(f"<b class=c{number}>" for number in range(400)) + "<script>"],
        ['{"a":' * 20 + '"\\u003cb onclick=a>'],
        ["\\" * 50 + '"<b onclick=a>'],
    ],
    ids=["ordinary", "hostile", "many open tags", "many different open tags", "deep", "backslashes"],
)
def test_time_grows_no_faster_than_the_body(row: list[object]) -> None:
    def body(count: int) -> bytes:
        return json.dumps([row] * count).encode()

    count = max(1, 20_000 // len(body(1)))
    short = max(min(seconds(body(count)), seconds(body(count))), 0.01)
    assert min(seconds(body(4 * count)), seconds(body(4 * count))) < 4 * 4 * short


@pytest.mark.parametrize("unit", ["<b>", "<b class=a{0}>", "<svg>", "<", '\\\\\\"', '{{\\\\\\"', "<a b='", "<!--"])
def test_one_string_of_hostile_markup_takes_linear_time(unit: str) -> None:
    def one_string(count: int) -> bytes:
        return b'["<img onerror=a>%b"]' % "".join(unit.format(number) for number in range(count)).encode()

    short = max(seconds(one_string(5_000)), 0.02)
    assert seconds(one_string(20_000)) < 4 * 4 * short
