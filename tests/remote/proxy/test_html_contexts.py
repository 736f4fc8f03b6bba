"""Where in HTML a URL counts, and where the same bytes are just text."""

import pytest

from tests.remote.proxy.bodies import rewritten

MAPPED = {
    "without quotes": ("<a href=/swf-monitor/x>", "<a href=/prod/x>"),
    "in upper case, with spaces": ("<A HREF = '/swf-monitor/x' >", "<A HREF = '/prod/x' >"),
    "with blanks around the URL": ('<a href=" /swf-monitor/x\n">', '<a href=" /prod/x\n">'),
    "with character references": (
        '<a href="&#x2F;swf&#45;monitor&#47;x?a&amp;b">',
        '<a href="&#x2F;prod&#47;x?a&amp;b">',
    ),
    "with an escaped hyphen": ('<a href="/swf%2Dmonitor/x">', '<a href="/prod/x">'),
    "an escaped query value": ('<a href="?next=%2Fswf-monitor%2Fx">', '<a href="?next=%2Fprod%2Fx">'),
    "a query value after others": ('<a href="?a=1&next=/swf-monitor/x">', '<a href="?a=1&next=/prod/x">'),
    "formaction": ('<button formaction="/swf-monitor/x">', '<button formaction="/prod/x">'),
    "poster": ('<video poster="/swf-monitor/x">', '<video poster="/prod/x">'),
    "ping": ('<a ping="/swf-monitor/x https://b/ /swf-monitor/y">', '<a ping="/prod/x https://b/ /prod/y">'),
    "style": (
        "<div style=\"background: url('/swf-monitor/a.png')\">",
        "<div style=\"background: url('/prod/a.png')\">",
    ),
    "event handler": (
        "<tr onclick=\"location.href='/swf-monitor/x/' + 3\">",
        "<tr onclick=\"location.href='/prod/x/' + 3\">",
    ),
    "escaped event handler": (
        '<tr onclick="go(&quot;/swf-monitor/x&quot;)">',
        '<tr onclick="go(&quot;/prod/x&quot;)">',
    ),
    "javascript URL": ("<a href=\"javascript:go('/swf-monitor/x')\">", "<a href=\"javascript:go('/prod/x')\">"),
    "srcdoc": (
        '<iframe srcdoc="&lt;a href=&quot;/swf-monitor/x&quot;&gt;">',
        '<iframe srcdoc="&lt;a href=&quot;/prod/x&quot;&gt;">',
    ),
    "JSON in a data attribute": ('<div data-c=\'{"u": "/swf-monitor/x"}\'>', '<div data-c=\'{"u": "/prod/x"}\'>'),
    "escaped JSON in a data attribute": (
        '<div data-c="[&quot;/swf-monitor/x&quot;]">',
        '<div data-c="[&quot;/prod/x&quot;]">',
    ),
    "HTML in a data attribute": (
        "<a data-bs-content=\"<a href='/swf-monitor/x'>y</a>\">",
        "<a data-bs-content=\"<a href='/prod/x'>y</a>\">",
    ),
    "a choice that scripts open": ('<option value="/swf-monitor/x">', '<option value="/prod/x">'),
    "in SVG": ('<svg><use xlink:href="/swf-monitor/i.svg#a"/></svg>', '<svg><use xlink:href="/prod/i.svg#a"/></svg>'),
    "behind a script without content in SVG": (
        '<svg><script href="/swf-monitor/a.js"/></svg><a href="/swf-monitor/x">',
        '<svg><script href="/prod/a.js"/></svg><a href="/prod/x">',
    ),
    "for readers without scripts": (
        '<noscript><a href="/swf-monitor/x">x</a></noscript>',
        '<noscript><a href="/prod/x">x</a></noscript>',
    ),
    "in a style element": (
        "<style>a{background:url(/swf-monitor/a.png)}</style>",
        "<style>a{background:url(/prod/a.png)}</style>",
    ),
    "in a template for scripts": (
        '<script type="text/template"><a href="/swf-monitor/x"></script>',
        '<script type="text/template"><a href="/prod/x"></script>',
    ),
    "a link inside pre": ('<pre><a href="/swf-monitor/x">log</a></pre>', '<pre><a href="/prod/x">log</a></pre>'),
}
UNTOUCHED = {
    "text": "<p>GET /swf-monitor/panda/ 200</p>",
    "a log in pre": '<pre>href="/swf-monitor/x"</pre>',
    "textarea": '<textarea><a href="/swf-monitor/x"></textarea>',
    "title": "<title><a href='/swf-monitor/x'></title>",
    "comment": '<!-- <a href="/swf-monitor/x"> -->',
    "conditional comment": '<!--[if IE]><link href="/swf-monitor/ie.css"><![endif]-->',
    "title attribute": '<td title="/swf-monitor/x failed">',
    "what a person typed": '<input name="q" value="/swf-monitor/x">',
    "placeholder": '<input placeholder="/swf-monitor/">',
    "alt text": '<img alt="/swf-monitor/">',
    "a tag that never ends": '<p>x</p><a href="/swf-monitor/x',
    "a script of unknown type": '<script type="text/x-thing">"/swf-monitor/x"</script>',
    "plaintext": '<plaintext><a href="/swf-monitor/x">',
    "a host of that name": '<a href="//swf-monitor/x">',
    "deeper in a path": '<a href="/doc/swf-monitor/x">',
    "not HTML at all": "\x00\xff<<<>>> </ > <!> <? ?> &#x; swf-monitor",
}


@pytest.mark.parametrize(("source", "expected"), MAPPED.values(), ids=MAPPED.keys())
def test_a_url_is_mapped(source: str, expected: str) -> None:
    assert rewritten(source) == expected


@pytest.mark.parametrize("source", UNTOUCHED.values(), ids=UNTOUCHED.keys())
def test_other_bytes_stay_as_they_are(source: str) -> None:
    assert rewritten(source) == source


def test_bytes_of_an_unknown_charset_stay() -> None:
    source = b'<a href="/swf-monitor/x" title="\xff\xfe\x80">\xe9t\xe9</a>'
    assert rewritten(source).encode("utf-8", "surrogateescape") == source.replace(b"/swf-monitor", b"/prod")


def test_markup_goes_on_behind_raw_text() -> None:
    source = '<script>if (a < b) {}</script><textarea></p></textarea><a href="/swf-monitor/x">'
    assert rewritten(source) == source.replace("/swf-monitor", "/prod")
