"""A banner of ours stands above the content of every page, once, and is told of."""

import pytest

from swf_remote.proxy.page import PageContext
from tests.remote.proxy.bodies import SVG, XHTML, rewriter, rewritten

BANNER = b'<div role="status">Data of 12:00</div>'
PLACES = {
    "behind the body tag": "<html><body>|<p>x</p></body>",
    "behind a body tag with attributes": '<!doctype html><head><title>a</title></head>\n<BODY class="x>y">|\n<p>x',
    "before the first content without a body tag": "<!doctype html><title>a</title><script>b()</script>|<p>x</p>",
    "before content behind all that belongs to a head": (
        '<html><head><meta charset=utf-8><link href="a"><style>b{}</style><base href="/">|<div>x</div>'
    ),
    "not in a comment": "<!-- <body> <p> --><body>|",
    "not in a script": "<script>'<body>'</script><body>|",
    "not in a template": "<template><body><p></p></template><body>|",
    "before a picture": "|<svg></svg><body>",
    "at a second body tag no more": "<body>|<body><p>",
    "behind an end tag": "</p>|<br>",
    "before the account corner": '|<div class="x">a</div>',
}


def placed(page: str, content_type: str = "text/html") -> int:
    fed = rewriter(content_type, banner=BANNER)
    fed.feed(page.encode())
    fed.finish()
    assert fed.placement is not None
    return fed.placement.banners


@pytest.mark.parametrize("page", PLACES.values(), ids=PLACES.keys())
def test_the_banner_stands(page: str) -> None:
    assert rewritten(page.replace("|", ""), banner=BANNER) == page.replace("|", BANNER.decode())
    assert placed(page.replace("|", "")) == 1


@pytest.mark.parametrize("page", ["", "words", "<title>x</title>", "<script>location.replace('/x')</script>"])
def test_a_page_without_content_goes_without(page: str) -> None:
    assert rewritten(page, banner=BANNER) == page
    assert placed(page) == 0


def test_a_body_tag_still_has_its_urls_mapped() -> None:
    page = '<body background="/swf-monitor/x" onload="go(\'/swf-monitor/\')">'
    assert rewritten(page, banner=BANNER) == page.replace("/swf-monitor", "/prod") + BANNER.decode()


def test_the_banner_and_the_controls_stand_together() -> None:
    page = '<div class="nav-auth">x</div><p>'
    assert rewritten(page, controls=b"<i>me</i>", banner=BANNER) == BANNER.decode() + "<i>me</i><p>"


def test_a_body_tag_too_long_to_be_read_has_its_banner() -> None:
    page = '<body title="' + "x" * (1 << 20) + '"><p>'
    fed = rewriter(banner=BANNER)
    assert (fed.feed(page.encode()) + fed.finish()).decode() == page.replace('"><p>', f'">{BANNER.decode()}<p>')


def test_a_document_of_xml_has_one_behind_its_body_alone() -> None:
    assert rewritten("<html><p/><body><p/></body></html>", XHTML, banner=BANNER).index("<div") == len(
        "<html><p/><body>"
    )
    assert rewritten("<svg><g/></svg>", SVG, banner=BANNER) == "<svg><g/></svg>"


def test_pages_with_another_banner_are_other_variants() -> None:
    variants = {PageContext(*both).variant for both in ((b"a", b"", b""), (b"", b"", b"a"), (b"a", b"", b"a"))}
    assert len(variants) == 3
