"""Which strings of a script are rewritten, in whatever escapes, and what of the code is never mistaken for one."""

import pytest

from tests.remote.proxy.bodies import JAVASCRIPT, rewritten

MAPPED = {
    "escaped slashes": (r"'\/swf-monitor\/x'", r"'\/prod\/x'"),
    "hexadecimal escapes": (r"'\x2fswf-monitor\x2fx'", r"'\x2fprod\x2fx'"),
    "four digits": (r'"\u002Fswf\u002Dmonitor\u002Fx"', r'"\u002Fprod\u002Fx"'),
    "braced escapes": (r"`\u{2f}swf-monitor/x`", r"`\u{2f}prod/x`"),
    "the mount alone": ("base = '/swf-monitor'", "base = '/prod'"),
    "the mount before a hole": ("`/swf-monitor${path}`", "`/prod${path}`"),
    "behind the page's own origin": ("`${location.origin}/swf-monitor/x`", "`${location.origin}/prod/x`"),
    "a template in a template's hole": ("`a${ f(`/swf-monitor/${x}`) }b`", "`a${ f(`/prod/${x}`) }b`"),
    "braces in a hole": ("`${ {a: {}} }` + '/swf-monitor/x'", "`${ {a: {}} }` + '/prod/x'"),
    "a link put together": (
        """'<a href="/swf-monitor/jobs/' + id + '/">' + id + '</a>'""",
        """'<a href="/prod/jobs/' + id + '/">' + id + '</a>'""",
    ),
    "a link that begins behind text": (
        """'to <a href="/swf-monitor/jobs/' + id""",
        """'to <a href="/prod/jobs/' + id""",
    ),
    "an attribute of a tag begun before": (
        """'<a class="' + c + '" href="/swf-monitor/x">'""",
        """'<a class="' + c + '" href="/prod/x">'""",
    ),
    "HTML in a template": ('`<a href="/swf-monitor/${a}">${b}</a>`', '`<a href="/prod/${a}">${b}</a>`'),
    "a handler in HTML in a string": (
        """'<b onclick="go(\\'/swf-monitor/x\\')">'""",
        """'<b onclick="go(\\'/prod/x\\')">'""",
    ),
    "a query value": ("'?tab=a&next=/swf-monitor/x'", "'?tab=a&next=/prod/x'"),
    "after a regular expression with a quote": ("x.replace(/'/g, '/swf-monitor/a')", "x.replace(/'/g, '/prod/a')"),
    "after a class with a slash": ("m = /[/'\"]/.test(s) || '/swf-monitor/a'", "m = /[/'\"]/.test(s) || '/prod/a'"),
    "after a returned expression": ("return/`/.test(s)\n'/swf-monitor/a'", "return/`/.test(s)\n'/prod/a'"),
    "between divisions": ("a = b / '/swf-monitor/a' / c", "a = b / '/prod/a' / c"),
    "after an apostrophe in a comment": ("// it's\n'/swf-monitor/a' /* don't */", "// it's\n'/prod/a' /* don't */"),
    "after a string that is not closed": ("x = 'oops\ny = '/swf-monitor/a'", "x = 'oops\ny = '/prod/a'"),
    "a continued line": ("'/swf-monitor/a\\\nb'", "'/prod/a\\\nb'"),
}
UNTOUCHED = {
    "comment": "// '/swf-monitor/x'\n/* \"/swf-monitor/y\" */",
    "comment at the end": "// '/swf-monitor/x'",
    "regular expression": "s.match(/\\/swf-monitor\\/x/)",
    "a longer name": "'/swf-monitors/' + '/swf-monitor-old/'",
    "words": "'see /swf-monitor/x'",
    "text of HTML in a string": "'<b>/swf-monitor/x</b>'",
    "a name": "swf.monitor['/a/swf-monitor/']",
    "the laboratory": "'https://pandaserver02.sdcc.bnl.gov/swf-monitor/x'",
    "behind a host": "`https://${host}/swf-monitor/x`",
}


@pytest.mark.parametrize(("source", "expected"), MAPPED.values(), ids=MAPPED.keys())
def test_a_url_is_mapped(source: str, expected: str) -> None:
    assert rewritten(source, JAVASCRIPT) == expected


@pytest.mark.parametrize("source", UNTOUCHED.values(), ids=UNTOUCHED.keys())
def test_other_code_stays(source: str) -> None:
    assert rewritten(source, JAVASCRIPT) == source


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("m = localStorage.getItem('navMode') || 'x'", "m = 'production' || 'x'"),
        ('m = window.localStorage . getItem( "navMode" )', 'm = "production"'),
        ("sessionStorage.getItem('navMode')", "sessionStorage.getItem('navMode')"),
        ("my.localStorage.getItem('navMode')", "my.localStorage.getItem('navMode')"),
        ("localStorage.setItem('navMode', m)", "localStorage.setItem('navMode', m)"),
        ("localStorage.getItem('navMode', 1)", "localStorage.getItem('navMode', 1)"),
    ],
)
def test_the_navigation_mode_is_production(source: str, expected: str) -> None:
    assert rewritten(source, JAVASCRIPT) == expected
    assert rewritten(f"<script>{source}</script>") == f"<script>{expected}</script>"
