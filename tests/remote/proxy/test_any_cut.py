"""However a body is cut, and however short the longest piece that is looked at, the result is the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swf_remote.proxy.rewriting import css, html, javascript, json, placement, streaming
from tests.remote.proxy.bodies import CSS, HTML, JAVASCRIPT, JSON, in_pieces

MARKUP = [
    *(
        "<a ",
        'href="',
        "href='",
        " href=",
        '">',
        "'>",
        ">",
        "<",
        "</a>",
        "<!--",
        "-->",
        "<br/>",
        "/",
        "=",
        " ",
        "\n",
        "&#47;",
    ),
    *(
        "<script>",
        "</script>",
        "<script/>",
        "<style>",
        "</style>",
        "<svg>",
        "</svg>",
        "<textarea>",
        "</textarea >",
        "<title>",
    ),
    *(
        '<div class="nav-auth">',
        "</div>",
        "<div>",
        '<script type="application/json">',
        'onclick="',
        'style="',
        'data-x="',
    ),
    *(
        "/swf-monitor/x",
        "/swf-monitor",
        "monitor",
        "?n=/swf-monitor/",
        "<plaintext>",
        "<?",
        'srcdoc="',
        "&lt;",
        "&quot;",
    ),
    *("<body>", "<template>", "</template>", "<script", "</script", "--", "!", "/swf-\n", "\\", "..", "&amp", "&#47"),
    *('<script src="', "https://code.jquery.com/jquery-3.7.1.min.js", " integrity='x'", "<link ", "%2Fswf-monitor"),
]
SCRIPT = [
    *(
        "'",
        '"',
        "`",
        "${",
        "}",
        "{",
        "/",
        "//",
        "/*",
        "*/",
        "\n",
        "\r",
        "\\",
        "\\/",
        "\\u002D",
        "(",
        ")",
        "=",
        "a",
        " ",
        "/re/",
    ),
    *("/swf-monitor/x", "'/swf-monitor/'", "`/swf-monitor/${", "swf-monitor", '<a href="', "<b>", "navMode", "return "),
    *("localStorage.getItem('navMode')", "localStorage.getItem(", "window.", "\\x2fswf-monitor", '{"u":', ","),
    *(
        "localStorage.navMode",
        "localStorage[",
        "'navMode'",
        "`navMode`",
        "nav",
        "Mode",
        "]",
        "=",
        "==",
        "<!--",
        "-->",
        "-",
    ),
    *("${location.origin}", "\\57swf-monitor", "'https://cdn.plot.ly/plotly-2.35.2.min.js'", "<"),
]
SHEET = [
    "'",
    '"',
    "url(",
    ")",
    "/*",
    "*/",
    "@import ",
    "\n",
    "\\",
    "/swf-monitor/x",
    "{",
    "}",
    "a",
    "image-set(",
    " ",
    ";",
    ",",
    "(",
    "u\\72l(",
    "\\2f swf-monitor/x",
    "/swf\\-monitor",
    "@namespace ",
    "\\",
    "type(",
    "src(",
]
DATA = [
    '"',
    '\\"',
    "\\\\",
    "{",
    "[",
    "]",
    ":",
    ",",
    " ",
    "/swf-monitor/x",
    '<a href=\\"/swf-monitor/',
    "\\u002f",
    "<b>",
    "1",
]
BANNER = b"<p>stale</p>"
BODIES = [(HTML, MARKUP + SCRIPT), (JAVASCRIPT, SCRIPT), (CSS, SHEET), (JSON, DATA)]


@pytest.fixture(params=[streaming.LIMIT, 40], ids=["long pieces", "short pieces"])
def limit(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """The longest piece looked at as a whole; short ones make the rules for longer ones meet every body."""
    for module in (html, javascript, css, json):
        monkeypatch.setattr(module, "LIMIT", request.param)
    if request.param == 40:
        monkeypatch.setattr(streaming, "_PATIENCE", 8)
        monkeypatch.setattr(placement, "LONGEST_BLOCK", 60)
    return int(request.param)


@pytest.mark.parametrize(("content_type", "pieces"), BODIES, ids=["HTML", "JavaScript", "CSS", "JSON"])
def test_any_cut_gives_the_same(limit: int, content_type: str, pieces: list[str]) -> None:
    @settings(max_examples=120, deadline=None)
    @given(st.lists(st.sampled_from(pieces), max_size=40).map("".join), st.integers(1, 50))
    def holds(body: str, size: int) -> None:
        whole = in_pieces(body.encode(), 10**6, content_type, banner=BANNER)
        assert in_pieces(body.encode(), size, content_type, banner=BANNER) == whole

    holds()


@pytest.mark.parametrize(("content_type", "pieces"), BODIES, ids=["HTML", "JavaScript", "CSS", "JSON"])
def test_a_second_rewriting_changes_nothing(content_type: str, pieces: list[str]) -> None:
    @settings(max_examples=120, deadline=None)
    @given(st.lists(st.sampled_from(pieces), max_size=40).map("".join))
    def holds(body: str) -> None:
        once = in_pieces(body.encode(), 10**6, content_type)
        assert in_pieces(once, 10**6, content_type) == once

    holds()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.integers(1, 30))
def test_a_body_without_the_prefix_passes_byte_for_byte(body: bytes, size: int) -> None:
    for content_type in (HTML, JAVASCRIPT, CSS, JSON):
        assert in_pieces(body, size, content_type) == body
