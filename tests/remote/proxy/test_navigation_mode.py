"""Whoever asks the browser's storage for the navigation mode hears: production (contract 1.3). Writing it stays."""

import pytest

from tests.remote.proxy.bodies import JAVASCRIPT, rewritten

READ = {
    "single quotes": ("m = localStorage.getItem('navMode') || 'x'", "m = 'production' || 'x'"),
    "double quotes": ('m = localStorage.getItem("navMode")', 'm = "production"'),
    "backticks": ("m = localStorage.getItem(`navMode`)", "m = `production`"),
    "of the window": ('m = window.localStorage . getItem( "navMode" )', 'm = "production"'),
    "of the global object": ("globalThis.localStorage.getItem('navMode')", "'production'"),
    "with care": ("window?.localStorage?.getItem?.('navMode')", "'production'"),
    "by index": ("m = localStorage['navMode'];", "m = 'production';"),
    "by index in double quotes": ('m = window.localStorage[ "navMode" ]', 'm = "production"'),
    "by index in backticks": ("m = localStorage[`navMode`] + 1", "m = `production` + 1"),
    "as a property": ("m = localStorage.navMode || 'x'", "m = 'production' || 'x'"),
    "as a property of the window": ("m = window.localStorage.navMode;", "m = 'production';"),
    "compared": ("localStorage.navMode === 'testbed'", "'production' === 'testbed'"),
    "compared loosely": ("localStorage['navMode'] == x", "'production' == x"),
    "in a template": ("`${localStorage.navMode}`", "`${'production'}`"),
    "at the end": ("localStorage.navMode", "'production'"),
    "over two lines": ("m = localStorage\n  .navMode\nf()", "m = 'production'\n\nf()"),
    "behind a string that its line's end ends": (
        '"/swf-monitor?localStorage.\nnavMode"',
        "\"/swf-monitor?'production'\n\"",
    ),
    "twice": ("localStorage.navMode, localStorage.navMode", "'production', 'production'"),
}
STAYS = {
    "another storage": "sessionStorage.getItem('navMode')",
    "somebody's storage": "my.localStorage.getItem('navMode')",
    "somebody's property": "my.localStorage.navMode",
    "another key": "localStorage.getItem('navModes')",
    "another property": "localStorage.navModes",
    "written by call": "localStorage.setItem('navMode', m)",
    "written by property": "localStorage.navMode = m",
    "written by index": "localStorage['navMode'] = m",
    "added to": "localStorage.navMode += m",
    "set when empty": "localStorage.navMode ??= m",
    "counted": "localStorage.navMode++",
    "with a second argument": "localStorage.getItem('navMode', 1)",
    "a name alone": "navMode = 1; f(navMode)",
    "an attribute": "document.documentElement.setAttribute('data-nav-mode', 'navMode')",
    "in a comment": "// localStorage.navMode\n",
}


@pytest.mark.parametrize(("source", "expected"), READ.values(), ids=READ.keys())
def test_reading_the_mode_gives_production(source: str, expected: str) -> None:
    assert rewritten(source, JAVASCRIPT) == expected
    assert rewritten(f"<script>{source}</script>") == f"<script>{expected}</script>"


@pytest.mark.parametrize("source", STAYS.values(), ids=STAYS.keys())
def test_all_else_stays(source: str) -> None:
    assert rewritten(source, JAVASCRIPT) == source


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("""<a onclick="f(localStorage.getItem('navMode'))">""", """<a onclick="f('production')">"""),
        ("""<a onclick='f(localStorage["navMode"])'>""", """<a onclick='f("production")'>"""),
        (
            """<a onclick="f(localStorage.getItem(&quot;navMode&quot;))">""",
            """<a onclick="f(&quot;production&quot;)">""",
        ),
    ],
)
def test_in_a_handler_the_mode_keeps_its_quotes(source: str, expected: str) -> None:
    assert rewritten(source) == expected


def test_where_quotes_would_end_something_the_property_stays() -> None:
    source = "<a onclick='f(localStorage.navMode)'>"
    assert rewritten(source) == source
