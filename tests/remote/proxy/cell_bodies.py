"""JSON with cells in, JSON with harmless cells out: what the tests of cells share."""

from __future__ import annotations

import json

from swf_remote.proxy.page import PageContext
from swf_remote.proxy.rewriting import Rewriter, rewriter_for
from tests.remote.proxy.bodies import JSON, SITES


def rewriter(content_type: str = JSON) -> Rewriter:
    """The rewriter of a route of class ``cells``."""
    found = rewriter_for(content_type, SITES, PageContext(), cells=True)
    assert found is not None
    return found


def in_pieces(body: bytes, size: int) -> bytes:
    """The rewritten body, fed in pieces of `size` bytes."""
    fed = rewriter()
    pieces = [fed.feed(body[start : start + size]) for start in range(0, len(body), size)]
    return b"".join([*pieces, fed.finish()])


def rewritten(body: str | bytes) -> str:
    """The rewritten body, which must not depend on how it was cut."""
    source = body.encode() if isinstance(body, str) else body
    whole = in_pieces(source, max(1, len(source)))
    for size in (1, 3, 16, 64):
        assert in_pieces(source, size) == whole, f"in pieces of {size}"
    return whole.decode("utf-8", "surrogateescape")


def cell(markup: str) -> str:
    """What a page gets of one cell among others."""
    row = [1, markup, "<b>next</b>"]
    body = json.dumps({"draw": 1, "data": [row]})
    first, found, last = json.loads(in_pieces(body.encode(), len(body)))["data"][0]
    assert (first, last) == (1, "<b>next</b>")
    return str(found)
