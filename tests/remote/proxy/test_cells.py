"""HTML inside JSON on routes of class ``cells``: what runs is gone, what only shows stays as it was written."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swf_remote.proxy.page import PageContext
from swf_remote.proxy.rewriting import rewriter_for
from swf_remote.proxy.rewriting.cells_grammar import is_harmless
from tests.remote.proxy.bodies import JSON, SITES
from tests.remote.proxy.cell_bodies import cell, in_pieces, rewritten
from tests.remote.proxy.harm import harm_in
from tests.remote.proxy.payloads import HOSTILE, armed

RUN = "top.ran(1)"
HARMLESS = {
    "a word": "bsmith",
    "a number's words": "12.5m",
    "names in many letters": "Zoë Grün, Łukasz, 山田, 🙂",
    "comparisons": "rss 3 < 4 & 5 > 2 <= 6",
    "escaped markup": "killed by panda &amp; &lt;user request&gt; &quot;x&quot; &#x27;",
    "double encoded script": "&lt;script&gt;alert(1)&lt;/script&gt;",
    "words in brackets": "killed by panda & <user request>",
    "a program's words": 'The worker was closed : <condor_rm> & "via condor_rm (by user panda)"',
    "other words in brackets": "no <user name>, no <job id>, <file src missing>",
    "a mail address": "Bob Smith <bob.smith@bnl.gov>",
    "quoted words in brackets": 'epic-std-2 <A&B "q">',
    "a colon in brackets": "DataIdentifierAlreadyExists <group.EIC:abc>",
    "an external link": '<a href="https://pandaserver-doma.cern.ch/trf/x?a=1&b=2" target="_blank" rel="noopener">x</a>',
    "a filter": '<a href="?days=7&username=Ann+O%27Dair" class="x" data-filter="username" data-value="Ann">x</a>',
    "a mail link": '<a href="mailto:a@b.example">a</a>',
    "a state": '<span data-fill="failed_fill" title="(meaning)">failed</span>',
    "a styled link": '<a href="#x" style="text-decoration:none;color:inherit;"><i class="bi bi-x"></i></a>',
    "errors": "<strong>ddm</strong>:200 Could not add...<br><strong>transformation</strong>:137 ",
    "a tick": '<input type="checkbox" class="panda-task-select" data-task-id="1" aria-label="Select 1" disabled>',
    "a ticked tick": "<input type=checkbox value=3 checked />",
    "a button": '<button type="button" class="btn" data-bs-toggle="collapse" data-bs-target="#x">more</button>',
    "single quotes": "<td align='right'><b>1</b></td>",
    "no quotes": "<font color=red size=2>late</font><br/>",
    "capitals": '<B CLASS="x">A</B>',
    "a line break in a tag": '<span\n  class="x"\n>a</span>',
    "a list": '<ul class="list-group"><li class="d-flex" title="Jobs, 24 h: 4,491 — running">x</li></ul>',
    "a table": '<table><thead><tr><th scope="col">a</th></tr></thead><tr><td colspan="2">b</td></tr></table>',
    "colours": '<span style="background-color:#96ca69;color:rgba(0, 0, 0, .5);padding:0 4px">x</span>',
    "a comment": "<!-- panel built at 12:00 --><p>a</p>",
    "a progress": '<progress max="100" value="48">48%</progress>',
    "an unclosed element": "<b>bold",
    "a closed one": "x</b>",
    "JSON": '{"a": "<b>x</b>", "n": [1, 2]}',
    "a path of Windows": "C:\\temp\\new <b>x</b>",
    "a time in data": '<time datetime="2026-11-23T22:11:14" data-time="2026-11-23T22:11:14">x</time>',
}


@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_a_browser_would_run_is_gone(payload: str) -> None:
    markup = armed(payload, RUN)
    assert harm_in(markup), "the payload has to be harmful, or nothing is proved"
    assert harm_in(cell(markup)) == []


@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_way_of_writing_json_hides_it(payload: str) -> None:
    markup = armed(payload, RUN)
    expected = cell(markup)
    escaped = "".join(f"\\u{ord(letter):04X}" for letter in markup)
    assert json.loads(rewritten(f'[{{"html":"{escaped}"}}]')) == [{"html": expected}]
    assert json.loads(rewritten(json.dumps(markup, ensure_ascii=False).replace("/", "\\/"))) == expected


@pytest.mark.parametrize("payload", HOSTILE.values(), ids=HOSTILE.keys())
def test_harm_in_the_middle_of_a_cell_is_gone_and_the_words_around_it_stay(payload: str) -> None:
    found = cell(f"before {armed(payload, RUN)}")
    assert harm_in(found) == []
    assert found.startswith("before ")


@pytest.mark.parametrize("markup", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_is_harmless_stays_byte_for_byte(markup: str) -> None:
    for ascii_only in (True, False):
        body = json.dumps({"data": [[markup, 1, {"html": markup}]]}, ensure_ascii=ascii_only)
        assert rewritten(body) == body


def test_a_bracket_at_the_very_end_begins_no_tag_with_what_a_page_puts_behind_it() -> None:
    assert cell("rss <") == "rss &lt;"


def test_links_of_harmless_cells_are_mapped() -> None:
    source = '<a href="/swf-monitor/panda/jobs/?days=7&status=failed" style="color:inherit;"><b>failed</b></a>'
    assert cell(source) == source.replace("/swf-monitor", "/prod")


def test_links_of_mended_cells_are_mapped() -> None:
    source = '<a href="/swf-monitor/panda/jobs/1/">1</a><img src=x onerror=alert(1)>'
    assert cell(source) == '<a href="/prod/panda/jobs/1/">1</a>'


def test_a_mended_cell_keeps_its_harmless_parts() -> None:
    source = '<strong title="a &lt; b">pilot</strong>:1 <script>x</script><br>Zoë <b onclick="x" class="y">z</b>'
    assert cell(source) == '<strong title="a &lt; b">pilot</strong>:1 <br>Zoë <b class="y">z</b>'


def test_whole_urls_are_mapped_as_in_all_json() -> None:
    source = '{"catalog_url":"/swf-monitor/pcs/catalog/","edit_url":"\\/alarms\\/teams\\/@a\\/","n":"/swf-monitor"}'
    expected = '{"catalog_url":"/prod/pcs/catalog/","edit_url":"\\/prod\\/alarms\\/teams\\/@a\\/","n":"/prod"}'
    assert rewritten(source) == expected


def test_numbers_order_spacing_and_repeats_stay() -> None:
    source = '\ufeff{ "b":1E400,"a" : -0.0,\n"b":12345678901234567890, "c":[true,null,{}],"é":"\\u00e9\\/" }\n{"d":1}\n'
    assert rewritten(source) == source


def test_markup_outside_of_strings_is_no_json_and_no_markup_either() -> None:
    found = rewritten("<html><img src=x onerror=alert(1)><b title='x'>[1]</b>")
    assert "<" not in found
    assert found.startswith("&lt;html>")


def test_a_string_that_does_not_end_shows_nothing_that_runs() -> None:
    source = '{"data": [["<b>a</b>", "<img src=x onerror=alert(1)'
    assert rewritten(source) == source, "no parser of JSON takes it, so it is nobody's cell"


def test_keys_keep_their_urls_and_lose_what_runs() -> None:
    source = '{"/swf-monitor/x": 1, "<user x>": 2, "<img src=x onerror=a>b" : "<a href=\\"/swf-monitor/x\\">"}'
    expected = '{"/swf-monitor/x": 1, "<user x>": 2, "b" : "<a href=\\"/prod/x\\">"}'
    assert rewritten(source) == expected


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_json_in_a_string_is_read_as_json_too(depth: int) -> None:
    text = '{"a": "\\u003cimg src=x onerror=alert(1)\\u003e<b>x</b>"}'
    for _ in range(depth - 1):
        text = json.dumps({"n": text}).replace("<", "\\u003c")
    found = cell(text)
    for _ in range(depth - 1):
        found = json.loads(found)["n"]
    assert json.loads(found) == {"a": "<b>x</b>"}


def test_json_nested_beyond_reason_is_left_out() -> None:
    text = "<img src=x onerror=alert(1)>"
    for _ in range(8):
        text = json.dumps([text]).replace("<", "\\u003c")
    assert "img" not in cell(text)


def test_bytes_that_are_no_utf8_hide_nothing() -> None:
    source = b'["a\xff", "\xc3", "\xe2\x82<img src=x onerror=alert(1)>", "\xc0\xbcimg src=x>", "\xf0<b>x</b>"]'
    found = in_pieces(source, len(source))
    cells = json.loads(found.decode("utf-8", "replace"))
    assert [harm for markup in cells for harm in harm_in(markup)] == []
    assert found.startswith(b'["a\xff", "\xc3", "')
    assert found.endswith(b'", "\xc0\xbcimg src=x>", "\xf0<b>x</b>"]')


def test_half_a_character_in_a_cell_is_no_way_out() -> None:
    assert harm_in(json.loads(rewritten('["\\ud83d<img src=x onerror=alert(1)>\\ude00"]'))[0]) == []
    assert rewritten('["\\ud83d <b>x</b>"]') == '["\\ud83d <b>x</b>"]'


def test_wrong_escapes_hide_nothing_from_forgiving_readers() -> None:
    assert "img" not in rewritten(r'["\x3cimg src=x onerror=alert(1)>", "<i\mg src=x onerror=alert(1)>"]')


def test_other_classes_leave_cells_as_they_are() -> None:
    body = json.dumps(["<img src=x onerror=alert(1)>"]).encode()
    fed = rewriter_for(JSON, SITES, PageContext(), cells=False)
    assert fed is not None
    assert fed.feed(body) + fed.finish() == body


PIECES = [
    *(
        "<",
        ">",
        "/",
        "=",
        '"',
        "'",
        "`",
        " ",
        "\n",
        "\t",
        "\0",
        "&",
        ";",
        "-",
        "--",
        "!",
        "?",
        "\\",
        "a",
        "b",
        "é",
        "<b>",
    ),
    *(
        "<img ",
        "<svg ",
        "<a ",
        "</a>",
        "<script>",
        "</script>",
        "<style>",
        "</style>",
        "<!--",
        "-->",
        "<math>",
        "<mtext>",
    ),
    *("<table>", "<td>", "</table>", "<p>", "</p>", "<noscript>", "</noscript>", "<title>", "</title>", "<template>"),
    *("onerror=", "src=x", "href=", "javascript:", "&#x6a;", "&colon;", "style=", "title=", "class=", "id=", "data-x="),
    *(
        "<textarea>",
        "<select>",
        "<form ",
        "<input ",
        "type=checkbox",
        "<button ",
        "url(x)",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
    ),
    *(
        "\\u003c",
        "\\u003e",
        "\\u0022",
        '\\"',
        "<unknown ",
        "<x-y>",
        "on",
        "/>",
        "<?",
        "<!",
        "]]>",
        "<![CDATA[",
        "color:red",
    ),
]
markups = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


@settings(max_examples=250, deadline=None)
@given(markups)
def test_nothing_made_of_any_pieces_does_harm(markup: str) -> None:
    assert harm_in(cell(markup)) == []


@settings(max_examples=120, deadline=None)
@given(markups)
def test_making_harmless_twice_changes_nothing(markup: str) -> None:
    once = in_pieces(json.dumps([markup]).encode(), 10**6)
    assert in_pieces(once, 10**6) == once


@settings(max_examples=120, deadline=None)
@given(markups)
def test_json_in_a_string_holds_no_harm_either(markup: str) -> None:
    text = json.dumps({"a": markup}).replace("<", "\\u003c")
    try:
        inner = json.loads(cell(text))
    except ValueError:
        return
    assert harm_in(inner["a"]) == []


@settings(max_examples=120, deadline=None)
@given(markups)
def test_the_gate_lets_no_harm_through(markup: str) -> None:
    if is_harmless(markup):
        assert harm_in(markup) == []
