"""A script ends where browsers end it (WHATWG HTML 13.2.5.15 to 31): markup behind it is markup, within it is not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from turbohtml import TokenType, tokenize

from tests.remote.proxy.bodies import HTML, SVG, XHTML, in_pieces, rewritten

LINK = '<a href="/swf-monitor/x">'
OURS = '<a href="/prod/x">'
ENDED = {
    "hidden from old browsers": "<script><!--\nf()\n//--></script>",
    "a comment that is not closed": "<script><!-- f()</script>",
    "a script in a comment": "<script><!-- <script> f() </script> --></script>",
    "a script in a comment, in capitals": "<script><!-- <SCRIPT > f() </Script/> --></script>",
    "a comment that opens and closes at once": "<script><!--><script></script>",
    "another that does": "<script><!---><script></script>",
    "a longer name in a comment": "<script><!-- <scripts> </script>",
    "the end in a string": "<script>'</script>",
    "the end tag put together": r"<script>document.write('<script><\/script>')</script>",
    "an empty script": "<script></script>",
    "an end tag with attributes": '<script></script a="b">',
}
OPEN = {
    "a script in a comment that is not closed": "<script><!-- <script> </script>",
    "a second script in a comment": "<script><!-- <script> </script> <script> </script>",
    "a longer end tag": "<script></scripts>",
    "no end tag": "<script>",
}


@pytest.mark.parametrize("source", ENDED.values(), ids=ENDED.keys())
def test_a_link_behind_a_script_is_mapped(source: str) -> None:
    assert rewritten(f"{source}{LINK}") == f"{source}{OURS}"


@pytest.mark.parametrize("source", OPEN.values(), ids=OPEN.keys())
def test_what_is_still_script_is_no_markup(source: str) -> None:
    text = "<a title='\n' href=/swf-monitor/x>"
    assert rewritten(source + text) == source + text


def test_a_string_in_a_hidden_script_is_mapped() -> None:
    source = "<script><!-- it's hidden\n<!-- `\nf('/swf-monitor/x')\n--> don't `\ng('/swf-monitor/y') //--></script>"
    assert rewritten(source) == source.replace("/swf-monitor", "/prod")


PIECES = [
    *("<!--", "-->", "--", "-", ">", "<", "!", "/", " ", "a"),
    *("<script", "<script>", "</script", "</script>", "<SCRIPT ", "</sCript/", "<scripts>", "<b id='x'>"),
]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.integers(1, 30))
def test_scripts_end_where_an_independent_tokeniser_ends_them(soup: str, size: int) -> None:
    link = "<a href=/swf-monitor/x>"
    source = f"<script>{soup}{link}<script></script>{link}"
    out = in_pieces(source.encode(), size).decode()
    tags = [token.attrs or [] for token in tokenize(source) if token.type is TokenType.START_TAG]
    assert out.count("/prod/x") == sum(("href", "/swf-monitor/x") in attributes for attributes in tags)


XML = {
    "a title without content": f"<title/>{LINK}",
    "a frame without content": f'<iframe src="/swf-monitor/y"/>{LINK}',
    "a title with markup": f"<title><tspan>{LINK}</tspan></title>",
    "a script without content": f'<script href="/swf-monitor/a.js"/>{LINK}',
    "a script in a section of characters": f"<script><![CDATA[ f('/swf-monitor/x') ]]></script>{LINK}",
    "a style in a section of characters": f"<style><![CDATA[ a{{b:url(/swf-monitor/x)}} ]]></style>{LINK}",
    "a picture in a picture": f"<svg><svg/></svg></svg>{LINK}",
    "a textarea": f"<textarea>{LINK}</textarea>",
}


@pytest.mark.parametrize("content_type", [SVG, XHTML])
@pytest.mark.parametrize("source", XML.values(), ids=XML.keys())
def test_a_document_of_xml_has_no_raw_text_of_html(content_type: str, source: str) -> None:
    assert rewritten(source, content_type) == source.replace("/swf-monitor", "/prod")


def test_a_section_of_characters_is_no_markup_in_xml() -> None:
    source = f"<p><![CDATA[{LINK}]]></p>"
    assert rewritten(source, XHTML) == source
    assert rewritten(source, HTML) == source.replace("/swf-monitor", "/swf-monitor")
