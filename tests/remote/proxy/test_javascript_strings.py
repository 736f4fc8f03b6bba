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
    "octal escapes": (r"'\57swf\55monitor\057x'", r"'/prod\057x'"),
    "escapes of what needs none": (r"'\/\swf\-monitor/x'", r"'\/prod/x'"),
    "a line end within": ("'/swf-\\\nmonitor/x'", "'/prod/x'"),
    "an import": ('const m = await import("/swf-monitor/static/a.js")', 'const m = await import("/prod/static/a.js")'),
    "an import at the front": ("import a from '/swf-monitor/a.js';", "import a from '/prod/a.js';"),
    "a new URL": (
        "new URL('/swf-monitor/x', location.href)",
        "new URL('/prod/x', location.href)",
    ),
    "the mount before a path": ("fetch('/swf-monitor' + path)", "fetch('/prod' + path)"),
    "behind a name for the origin": ("fetch(base + '/swf-monitor/x')", "fetch(base + '/prod/x')"),
    "a key": ("routes = {'/swf-monitor/prod/': f}", "routes = {'/prod/prod/': f}"),
    "a case": ("switch (p) { case'/swf-monitor/a': f() }", "switch (p) { case'/prod/a': f() }"),
    "a tagged template": ('html`<a href="/swf-monitor/${a}">`', 'html`<a href="/prod/${a}">`'),
    "a template three deep": (
        "`a${b ? `c${d ? `/swf-monitor/${e}` : ''}` : `/swf-monitor/f`}`",
        "`a${b ? `c${d ? `/prod/${e}` : ''}` : `/prod/f`}`",
    ),
    "an attribute behind a hole": (
        '`<a class="${c}" href="/swf-monitor/x">`',
        '`<a class="${c}" href="/prod/x">`',
    ),
    "behind the origin of the window": (
        "`${ window.location.origin }/swf-monitor/x`",
        "`${ window.location.origin }/prod/x`",
    ),
    "after a regular expression with brackets": (
        "/[/]'[\\]`]/.test(s) || '/swf-monitor/a'",
        "/[/]'[\\]`]/.test(s) || '/prod/a'",
    ),
    "after a comment in the manner of HTML": (
        "<!-- it's `hidden\nf('/swf-monitor/a')\n--> don't `\nf('/swf-monitor/b')",
        "<!-- it's `hidden\nf('/prod/a')\n--> don't `\nf('/prod/b')",
    ),
    "after a countdown": ("while (i --> 0) f('/swf-monitor/a')", "while (i --> 0) f('/prod/a')"),
    "after comparisons": ("a<!b; a<-b; '/swf-monitor/a'", "a<!b; a<-b; '/prod/a'"),
    "a script put together": (
        "'<script src=\"/swf-monitor/a.js\"><\\/script>'",
        "'<script src=\"/prod/a.js\"><\\/script>'",
    ),
    "a script inside of a script's string": (
        "d.write('<script>f(\"/swf-monitor/x\")<\\/script>')",
        "d.write('<script>f(\"/prod/x\")<\\/script>')",
    ),
    "non-ASCII letters around": ("'é' + '/swf-monitor/é\\é'", "'é' + '/prod/é\\é'"),
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
    "behind a hole of unknown content": "`${base}/swf-monitor/x`",
    "behind two holes": "`${location.origin}${a}/swf-monitor/x`",
    "behind a hole with more than the origin": "`${f(location.origin)}/swf-monitor/x`",
    "a comment in the manner of HTML": "<!-- '/swf-monitor/x'\n--> '/swf-monitor/y'\n",
    "the laboratory": "'https://pandaserver02.sdcc.bnl.gov/swf-monitor/x'",
    "behind a host": "`https://${host}/swf-monitor/x`",
}


@pytest.mark.parametrize(("source", "expected"), MAPPED.values(), ids=MAPPED.keys())
def test_a_url_is_mapped(source: str, expected: str) -> None:
    assert rewritten(source, JAVASCRIPT) == expected


@pytest.mark.parametrize("source", UNTOUCHED.values(), ids=UNTOUCHED.keys())
def test_other_code_stays(source: str) -> None:
    assert rewritten(source, JAVASCRIPT) == source
