"""Bodies in, bodies out: what the tests of rewriting share."""

from swf_remote.proxy.page import PageContext
from swf_remote.proxy.rewriting import Rewriter, rewriter_for
from swf_remote.proxy.sites import Sites

SITES = Sites.of(
    monitor_url="https://localhost:18443/swf-monitor",
    monitor_host="pandaserver02.sdcc.bnl.gov",
    mount="/prod",
    public_url="https://epic-devcloud.org/prod/",
    substitutes="/prod/assets/vendor/",
)
SVG, XHTML = "image/svg+xml", "application/xhtml+xml"
HTML, CSS, JAVASCRIPT, JSON = "text/html; charset=utf-8", "text/css", "text/javascript", "application/json"
CONTROLS = b'<div class="nav-auth"><a href="/prod/account/">alice</a></div>'


def rewriter(
    content_type: str = HTML, controls: bytes = CONTROLS, sites: Sites = SITES, banner: bytes = b""
) -> Rewriter:
    """A rewriter that must exist."""
    found = rewriter_for(content_type, sites, PageContext(controls, banner=banner))
    assert found is not None
    return found


def in_pieces(
    body: bytes, size: int, content_type: str = HTML, controls: bytes = CONTROLS, banner: bytes = b""
) -> bytes:
    """The rewritten body, fed in pieces of `size` bytes."""
    fed = rewriter(content_type, controls, banner=banner)
    pieces = [fed.feed(body[start : start + size]) for start in range(0, len(body), size)]
    return b"".join([*pieces, fed.finish()])


def rewritten(body: str | bytes, content_type: str = HTML, controls: bytes = CONTROLS, banner: bytes = b"") -> str:
    """The rewritten body, which must not depend on how it was cut."""
    source = body.encode() if isinstance(body, str) else body
    whole = in_pieces(source, max(1, len(source)), content_type, controls, banner)
    for size in (1, 2, 3, 7, 64):
        assert in_pieces(source, size, content_type, controls, banner) == whole, f"in pieces of {size}"
    return whole.decode("utf-8", "surrogateescape")
