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
    "an escaped slash": (r"a{b:url(\/swf-monitor\/x)}", r"a{b:url(\/prod\/x)}"),
    "an escaped slash as a number": (r"a{b:url(\2f swf-monitor/x)}", "a{b:url(/prod/x)}"),
    "an escaped hyphen": (r"a{b:url(/swf\-monitor/x)}", "a{b:url(/prod/x)}"),
    "an escaped hyphen in a string": (r"a{b:url('/swf\00002Dmonitor/x')}", "a{b:url('/prod/x')}"),
    "an escaped bracket in a URL": (r"a{b:url(/swf-monitor/\)x)}", r"a{b:url(/prod/\)x)}"),
    "an escaped function": (r"a{b:u\72l(/swf-monitor/x)}", r"a{b:u\72l(/prod/x)}"),
    "an escaped function with blanks": (r"a{b:\75 r\6C (/swf-monitor/x)}", r"a{b:\75 r\6C (/prod/x)}"),
    "an escaped function of a string": (r"a{b:ur\l('/swf-monitor/x')}", r"a{b:ur\l('/prod/x')}"),
    "src": ('a{b:src("/swf-monitor/x")}', 'a{b:src("/prod/x")}'),
    "a font": (
        "@font-face{src:local('x'),url(/swf-monitor/x.woff2) format('woff2')}",
        "@font-face{src:local('x'),url(/prod/x.woff2) format('woff2')}",
    ),
    "import with conditions": (
        '@import url("/swf-monitor/x") layer(a.b) supports(display: grid) screen;',
        '@import url("/prod/x") layer(a.b) supports(display: grid) screen;',
    ),
    "import in capitals": ('@IMPORT"/swf-monitor/x";', '@IMPORT"/prod/x";'),
    "import behind a comment": ("@import/* a 'b */ '/swf-monitor/x';", "@import/* a 'b */ '/prod/x';"),
    "escaped import": (r"@\69mport '/swf-monitor/x';", r"@\69mport '/prod/x';"),
    "image set with types": (
        'a{b:-webkit-image-set("/swf-monitor/x" type("image/avif"), url(/swf-monitor/y) 2x)}',
        'a{b:-webkit-image-set("/prod/x" type("image/avif"), url(/prod/y) 2x)}',
    ),
    "a long image set": (
        f'a{{b:image-set("/swf-monitor/{"x" * 200}" 1x,"/swf-monitor/{"y" * 200}" 2x, "/swf-monitor/z" 3x)}}',
        f'a{{b:image-set("/prod/{"x" * 200}" 1x,"/prod/{"y" * 200}" 2x, "/prod/z" 3x)}}',
    ),
    "after functions that take other things": (
        "a{b:calc(1px + (2px)) hsl(1 2% 3%);c:url(/swf-monitor/x)}",
        "a{b:calc(1px + (2px)) hsl(1 2% 3%);c:url(/prod/x)}",
    ),
    "after a picture in the sheet": (
        "a{b:url(data:image/svg+xml;utf8,<svg>)}c{d:url(/swf-monitor/x)}",
        "a{b:url(data:image/svg+xml;utf8,<svg>)}c{d:url(/prod/x)}",
    ),
}
UNTOUCHED_CSS = {
    "content": 'a::after{content:"/swf-monitor/x"}',
    "comment": "/* url(/swf-monitor/x) */",
    "a namespace": "@namespace x url(/swf-monitor/x);",
    "a namespace in a string": "@namespace '/swf-monitor/x';",
    "another function": "a{b:curl(/swf-monitor/x);c:my-url('/swf-monitor/x')}",
    "a format": "a{b:format('/swf-monitor/x')}",
    "a string behind an image set": 'a{b:image-set("a" 1x)}b::after{content:"/swf-monitor/x"}',
    "a string that is not closed": "a{b:url('/swf-monitor/x\n)}",
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
