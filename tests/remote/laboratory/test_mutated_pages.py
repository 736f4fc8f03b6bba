"""A thousand damaged pages: nothing crashes, any cut gives the same, and what a browser would follow is ours.

Seen with an HTML parser's eyes after the rewriting, never with the gateway's own.
"""

from __future__ import annotations

import re

import pytest

from swf_remote.proxy.page import PageContext
from swf_remote.proxy.rewriting import rewriter_for
from swf_remote.proxy.sites import Sites
from tests.remote.laboratory.links import Link, links_of
from tests.remote.laboratory.mutations import cuts, mutated

pytestmark = pytest.mark.once

ALL = 1000
SHARE = 20
_SLASH = rb"(?:\\?/|&#47;|%2[Ff]|\\u002[Ff]|\\x2[Ff])"
_HYPHEN = rb"(?:-|\\u002[Dd]|&#45;|%2[Dd])"
_MOUNT = re.compile(rb"(?:%b)(?:swf%bmonitor|prod)" % (_SLASH, _HYPHEN))
_MODE = re.compile(rb"localStorage\s*\.\s*getItem\s*\(\s*(['\"`])navMode\1\s*\)|(['\"])production\2")
# Browsers drop these from URLs wherever they stand.
_DROPPED = str.maketrans("", "", "\t\n\r")


def rewritten(pieces: list[bytes]) -> bytes:
    rewriter = rewriter_for("text/html; charset=utf-8", Sites(), PageContext())
    assert rewriter is not None
    return b"".join([*(rewriter.feed(piece) for piece in pieces), rewriter.finish()])


def unmapped(page: bytes) -> list[str]:
    """URLs that lead a browser to the mount of the monitor; of ``data-`` attributes, read by scripts, whole ones."""
    read = (link for link in links_of(page.decode("utf-8", "replace")) if not _is_broken_data(link))
    found = (link.written.translate(_DROPPED).strip() for link in read)
    return [url for url in found if re.match(r"/swf-monitor(?:[/?#]|$)", url)]


def _is_broken_data(link: Link) -> bool:
    return link.attribute.startswith("data-") and re.search(r"[^!-~]|[<>\"']", link.written) is not None


def without_mounts(page: bytes) -> bytes:
    return _MODE.sub(b"(mode)", _MOUNT.sub(b"(mount)", page))


def check(number: int) -> None:
    # Fields of this name lose their value on purpose.
    page = mutated(number).replace(b"csrfmiddlewaretoken", b"another-field")
    whole = rewritten([page])
    assert rewritten(cuts(number, page)) == whole, f"page {number} differs by its cut"
    assert unmapped(whole) == [], f"page {number} leads to the monitor"
    assert without_mounts(whole) == without_mounts(page), f"page {number} changed beyond its URLs"


@pytest.mark.parametrize("first", range(0, ALL, 100))
@pytest.mark.slow
def test_a_damaged_page_keeps_its_words_and_leads_nowhere_else(first: int) -> None:
    for number in range(first, first + 100):
        check(number)


def test_a_share_of_the_damaged_pages_in_the_quick_loop() -> None:
    for number in range(SHARE):
        check(number)


def test_damage_by_the_same_number_is_the_same() -> None:
    assert mutated(7) == mutated(7)
    assert len({mutated(number) for number in range(100)}) == 100


def test_the_oracle_sees_what_is_not_mapped() -> None:
    assert unmapped(b"<a href=\" /swf\n-monitor/x\"><img srcset='/prod/a 1x, /swf-monitor/b 2x'>") == [
        "/swf-monitor/x",
        "/swf-monitor/b",
    ]
    assert unmapped(b"<pre>/swf-monitor/</pre><a href='/prod/' title='/swf-monitor/'>") == []


def test_the_oracle_sees_changed_words() -> None:
    assert without_mounts(b'<a href="/prod/">x</a>') == without_mounts(b'<a href="/swf-monitor/">x</a>')
    assert without_mounts(b'<a href="/prod/">y</a>') != without_mounts(b'<a href="/swf-monitor/">x</a>')
