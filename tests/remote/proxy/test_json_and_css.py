"""Which strings of JSON and which tokens of a style sheet are URLs."""

import json

import pytest

from tests.remote.proxy.bodies import CSS, JSON, rewritten

MAPPED_JSON = {
    "a URL": ('{"u": "/swf-monitor/x?a=1#b"}', '{"u": "/prod/x?a=1#b"}'),
    "escaped slashes": (r'["\/swf-monitor\/x"]', r'["\/prod\/x"]'),
    "escaped letters around": (
        r'["<a href=\u0022\u002Fswf-monitor/x\u0022>\n"]',
        r'["<a href=\u0022\u002Fprod/x\u0022>\n"]',
    ),
    "escaped brackets": (r'["\u003Ca href=\"/swf-monitor/x\"\u003E"]', r'["\u003Ca href=\"/prod/x\"\u003E"]'),
    "several links in a cell": (
        r'["<a href=\"/swf-monitor/a\">/swf-monitor/</a> <i data-u=\"/swf-monitor/b\">x"]',
        r'["<a href=\"/prod/a\">/swf-monitor/</a> <i data-u=\"/prod/b\">x"]',
    ),
    "lines of JSON": ('{"u":"/swf-monitor/a"}\n{"u":"/swf-monitor/b"}\n', '{"u":"/prod/a"}\n{"u":"/prod/b"}\n'),
    "cut off": ('["/swf-monitor/a", "/swf-monitor', '["/prod/a", "/swf-monitor'),
    "a query value": ('["?next=/swf-monitor/x"]', '["?next=/prod/x"]'),
}
UNTOUCHED_JSON = {
    "a key": '{"/swf-monitor/x" : {"/swf-monitor/y":1}}',
    "a log line": '{"message": "/swf-monitor/panda/ failed", "m": "GET /swf-monitor/"}',
    "escaped markup": '{"diag": "&lt;a href=&quot;/swf-monitor/x&quot;&gt;"}',
    "text of a cell": '["<b>/swf-monitor/x</b>"]',
    "numbers and order": '{"b": 1.0e+5, "a": 12345678901234567890, "b": -0.0}',
}
MAPPED_CSS = {
    "url": ("a{b:url( /swf-monitor/x )}", "a{b:url( /prod/x )}"),
    "quoted url": ("a{b:URL('/swf-monitor/x')}", "a{b:URL('/prod/x')}"),
    "import": ("@import\n'/swf-monitor/x' screen;", "@import\n'/prod/x' screen;"),
    "image set": (
        'a{b:image-set("/swf-monitor/x" 1x, "/swf-monitor/y" 2x)}',
        'a{b:image-set("/prod/x" 1x, "/prod/y" 2x)}',
    ),
    "after a picture in the sheet": (
        "a{b:url(data:image/svg+xml;utf8,<svg>)}c{d:url(/swf-monitor/x)}",
        "a{b:url(data:image/svg+xml;utf8,<svg>)}c{d:url(/prod/x)}",
    ),
}
UNTOUCHED_CSS = {
    "content": 'a::after{content:"/swf-monitor/x"}',
    "comment": "/* url(/swf-monitor/x) */",
    "selector": 'a[href^="/swf-monitor/"]{}',
    "relative": "a{b:url(../img/swf-monitor.png)}",
}


@pytest.mark.parametrize(("source", "expected"), MAPPED_JSON.values(), ids=MAPPED_JSON.keys())
def test_a_url_in_json_is_mapped(source: str, expected: str) -> None:
    assert rewritten(source, JSON) == expected


@pytest.mark.parametrize("source", UNTOUCHED_JSON.values(), ids=UNTOUCHED_JSON.keys())
def test_other_json_stays(source: str) -> None:
    assert rewritten(source, JSON) == source


@pytest.mark.parametrize(("source", "expected"), MAPPED_CSS.values(), ids=MAPPED_CSS.keys())
def test_a_url_in_css_is_mapped(source: str, expected: str) -> None:
    assert rewritten(source, CSS) == expected


@pytest.mark.parametrize("source", UNTOUCHED_CSS.values(), ids=UNTOUCHED_CSS.keys())
def test_other_css_stays(source: str) -> None:
    assert rewritten(source, CSS) == source


def test_a_deep_document_is_still_the_same_document() -> None:
    source = "[" * 3000 + '"/swf-monitor/x"' + "]" * 3000
    assert rewritten(source, JSON) == source.replace("/swf-monitor", "/prod")


def test_rewritten_json_parses_to_the_same_values() -> None:
    source = {"a": ['<a href="/swf-monitor/é">\\"', "/swf-monitor/x", 3], "t": "tab\t/swf-monitor/ \u2028"}
    for ascii_only in (True, False):
        out = json.loads(rewritten(json.dumps(source, ensure_ascii=ascii_only), JSON))
        assert out == {"a": ['<a href="/prod/é">\\"', "/prod/x", 3], "t": source["t"]}
