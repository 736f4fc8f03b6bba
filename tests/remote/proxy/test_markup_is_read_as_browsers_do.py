"""Any soup of markup, read by an independent tokeniser before and after: only URLs in attributes have changed."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st
from turbohtml import Token, TokenType, tokenize

from tests.remote.proxy.bodies import in_pieces

PIECES = [
    *(
        "<a ",
        "<td",
        "<p>",
        "</a>",
        "</td ",
        "<br/",
        "<A HREF",
        "<a",
        "<b title",
        "</",
        "<",
        ">",
        "/>",
        "/",
        "=",
        " ",
        "\n",
    ),
    *(
        '"',
        "'",
        '="',
        "='",
        "href",
        " href=",
        ' href="',
        " src='",
        ' title="',
        "action",
        "x",
        "&amp;",
        "&quot;",
        "&#47;",
    ),
    *("/swf-monitor/p", "/swf-monitor", "&#x2F;swf-monitor/q", "swf-monitor", "?n=/swf-monitor/r", "?", "#"),
    *("<!--", "-->", "--!>", "<!-->", "<!---", "-", "!", "<!", "<?", "<!doctype html>", "<![CDATA[", "]]>"),
    *("<textarea>", "</textarea>", "<title>", "</TITLE >", "<xmp>", "</xmp", "<iframe>", "</iframe>", "<noembed>"),
    *('<a href="/swf-monitor/x">', "<a href=/swf-monitor/y>", "<img src='/swf-monitor/z'>", "monitor", "nav-auth"),
]
SOUP = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
URL_ATTRIBUTES = {"href", "src", "action"}
PREFIX = re.compile(r"/swf-monitor(?=[/?#]|\Z)")
IN_QUERY = re.compile(r"([?&;][^=&;?#\s]*=)/swf-monitor(?=[/?#&;]|\Z)")


def mapped(value: str) -> str:
    """What becomes of a URL, written down once more."""
    stripped = value.strip(" \t\n\r\f\0")
    if stripped.startswith("//") or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", stripped):
        return value
    return value.replace(
        stripped,
        IN_QUERY.sub(r"\1/prod", PREFIX.sub("/prod", stripped, count=1) if PREFIX.match(stripped) else stripped),
    )


def seen(token: Token, *, mapping: bool) -> tuple[object, ...]:
    """What a browser makes of a token, with its URLs mapped if asked."""
    attributes = [
        (name, mapped(value or "") if mapping and name in URL_ATTRIBUTES else value or "")
        for name, value in token.attrs or []
    ]
    return (token.type, token.tag, token.data, attributes if token.type is TokenType.START_TAG else None)


@settings(max_examples=400, deadline=None)
@given(SOUP, st.integers(1, 40))
@example('<a href="x"="y>">', 3)
@example('<a ="v>" href=/swf-monitor/x>', 3)
@example('<a href="/swf-monitor/x', 2)
@example("<!--!> <a href='/swf-monitor/'> -->", 1)
@example("<textarea><a href='/swf-monitor/'></textarea>", 5)
def test_only_urls_in_attributes_change(soup: str, size: int) -> None:
    out = in_pieces(soup.encode(), size).decode()
    expected = [seen(token, mapping=True) for token in tokenize(soup)]
    assert [seen(token, mapping=False) for token in tokenize(out)] == expected


@settings(max_examples=150, deadline=None)
@given(SOUP, st.integers(1, 40))
def test_any_cut_gives_the_same(soup: str, size: int) -> None:
    assert in_pieces(soup.encode(), size) == in_pieces(soup.encode(), 10**6)
