"""One request that was let through, as the proxy's parts hand it on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from starlette.types import Scope

from swf_remote.edge.exchange import Exchange, exchange_of
from swf_remote.proxy.headers import Field, clean, joined
from swf_remote.proxy.page import PageContext
from swf_remote.proxy.policy.admission import Admission
from swf_remote.web.account_controls import account_controls

Headers = Mapping[bytes, bytes]
REQUEST_ID = b"x-request-id"


class Visit:
    """See the module's text."""

    __slots__ = ("_page", "admission", "exchange", "fields", "marker", "scope")

    def __init__(self, scope: Scope, admission: Admission, marker: bytes = b"") -> None:
        """`marker`: what stands in the page's slot (``slots``)."""
        self.scope = scope
        self.admission = admission
        self.marker = marker
        self.exchange: Exchange = exchange_of(scope)
        """What is noted of it."""
        self.fields: Headers = _fields(tuple([field for field in scope["headers"] if field[0] != REQUEST_ID]))
        """The header fields that count, but for the request's own number."""
        self._page: PageContext | None = None

    @property
    def page(self) -> PageContext:
        """The reader's view of a page; made when it is first needed."""
        if self._page is None:
            raw = raw_address(self.scope)
            controls = account_controls(self.admission.reader, raw.decode("latin-1"))
            self._page = PageContext(controls, raw, b"" if self.of_a_piece else self.marker)
        return self._page

    @property
    def method(self) -> str:
        """The reader's method."""
        return str(self.scope["method"])

    @property
    def of_a_piece(self) -> bool:
        """Whether a script of a page asks for a piece of it."""
        return b"x-fragment" in self.fields or b"x-requested-with" in self.fields


def raw_address(scope: Scope) -> bytes:
    """Path and query as the reader's browser has them."""
    query: bytes = scope["query_string"]
    raw: bytes = scope["raw_path"]
    return raw + b"?" + query if query else raw


# Browsers send the same fields again and again.
@lru_cache(maxsize=256)
def _fields(lines: tuple[Field, ...]) -> Headers:
    return joined(clean(lines))
