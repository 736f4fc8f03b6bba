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
    "numbers without a semicolon": ('<a href="&#47swf&#45monitor&#x2Fx">', '<a href="/prod&#x2Fx">'),
    "numbers with leading zeros": ('<a href="&#0000047;swf-monitor/x">', '<a href="&#0000047;prod/x">'),
    "a slash by its name": ('<a href="&sol;swf-monitor&sol;x">', '<a href="&sol;prod&sol;x">'),
    "an old name without a semicolon": ('<a href="?a&amp?next=/swf-monitor/x">', '<a href="?a&amp?next=/prod/x">'),
    "what is no name": ('<a href="?a=1&ampnext=/swf-monitor/x">', '<a href="?a=1&ampnext=/prod/x">'),
    "a base": ('<base href="/swf-monitor/panda/" target="_top">', '<base href="/prod/panda/" target="_top">'),
    "a refresh in quotes": (
        "<meta http-equiv=refresh content=\"0;URL='/swf-monitor/x'\">",
        "<meta http-equiv=refresh content=\"0;URL='/prod/x'\">",
    ),
    "a refresh without a name": (
        '<meta http-equiv="Refresh" content="3, /swf-monitor/x">',
        '<meta http-equiv="Refresh" content="3, /prod/x">',
    ),
    "sources of several sizes": (
        '<img srcset="/swf-monitor/a,b.png 1x,/swf-monitor/c.png 2x , https://h/swf-monitor/d 3x">',
        '<img srcset="/prod/a,b.png 1x,/prod/c.png 2x , https://h/swf-monitor/d 3x">',
    ),
    "sources of a preload": (
        '<link rel=preload imagesrcset="/swf-monitor/a 100w, /swf-monitor/b 200w">',
        '<link rel=preload imagesrcset="/prod/a 100w, /prod/b 200w">',
    ),
    "an object": ('<object data="/swf-monitor/x.svg"></object>', '<object data="/prod/x.svg"></object>'),
    "a manifest": ('<html manifest="/swf-monitor/m">', '<html manifest="/prod/m">'),
    "attribution": (
        '<a attributionsrc="/swf-monitor/a https://h/ /swf-monitor/b">',
        '<a attributionsrc="/prod/a https://h/ /prod/b">',
    ),
    "href in SVG": ('<svg><use href="/swf-monitor/i.svg#a"/></svg>', '<svg><use href="/prod/i.svg#a"/></svg>'),
    "a fill in SVG": (
        '<svg><path fill="url(/swf-monitor/i.svg#a)"/></svg>',
        '<svg><path fill="url(/prod/i.svg#a)"/></svg>',
    ),
    "in a template": (
        '<template><a href="/swf-monitor/x"></a></template>',
        '<template><a href="/prod/x"></a></template>',
    ),
    "in a template that scripts fill": ('<a data-href="/swf-monitor/${id}/">', '<a data-href="/prod/${id}/">'),
    "an import map": (
        '<script type="importmap">{"imports": {"app": "/swf-monitor/static/app.js"}}</script>',
        '<script type="importmap">{"imports": {"app": "/prod/static/app.js"}}</script>',
    ),
    "a frame's document in a frame's document": (
        "<iframe srcdoc=\"<p style='background:url(/swf-monitor/a)'>\">",
        "<iframe srcdoc=\"<p style='background:url(/prod/a)'>\">",
    ),
    "a script in a frame's document": (
        "<iframe srcdoc='<script>f(\"/swf-monitor/x\")</script>'>",
        "<iframe srcdoc='<script>f(\"/prod/x\")</script>'>",
    ),
    "HTML in JSON in a data attribute": (
        """<i data-x='{"h": "<a href=\\"/swf-monitor/x\\">"}'>""",
        """<i data-x='{"h": "<a href=\\"/prod/x\\">"}'>""",
    ),
    "a URL in blanks in a data attribute": ('<i data-x=" /swf-monitor/x ">', '<i data-x=" /prod/x ">'),
    "a handler with an apostrophe as a reference": (
        '<a onclick="go(&#39;/swf-monitor/x&#39;)">',
        '<a onclick="go(&#39;/prod/x&#39;)">',
    ),
    "behind a comment for one browser": (
        '<!--[if IE]><a href="/swf-monitor/"><![endif]--><a href="/swf-monitor/x">',
        '<!--[if IE]><a href="/swf-monitor/"><![endif]--><a href="/prod/x">',
    ),
    "between comments for other browsers": (
        '<![if !IE]><a href="/swf-monitor/x"><![endif]>',
        '<![if !IE]><a href="/prod/x"><![endif]>',
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
    "a hyphen that is none": '<a href="/swf&hyphen;monitor/x">',
    "a name that lacks its semicolon": '<a href="&sol/swf-monitor/x">',
    "an attribute of an end tag": '</a href="/swf-monitor/x">',
    "a picture's description": '<img longdescr="/swf-monitor/x">',
    "a page's description": '<meta name="description" content="see /swf-monitor/x">',
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
