"""One request that was let through, as the proxy's parts hand it on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from starlette.types import Scope

from swf_remote.edge.exchange import Exchange, exchange_of
from swf_remote.proxy.headers import Field, clean, joined
from swf_remote.proxy.page import PageContext
from swf_remote.proxy.policy.admission import Admission
from swf_remote.web.account_controls import account_controls

REQUEST_ID = b"x-request-id"


@dataclass(frozen=True)
class Visit:
    """See the module's text."""

    scope: Scope
    admission: Admission

    @property
    def method(self) -> str:
        """The reader's method."""
        return str(self.scope["method"])

    @property
    def exchange(self) -> Exchange:
        """What is noted of it."""
        return exchange_of(self.scope)

    @cached_property
    def fields(self) -> Mapping[bytes, bytes]:
        """The header fields that count, but for the request's own number."""
        return _fields(tuple([field for field in self.scope["headers"] if field[0] != REQUEST_ID]))

    @cached_property
    def page(self) -> PageContext:
        """The reader's view of a page."""
        raw = raw_address(self.scope)
        return PageContext(account_controls(self.admission.reader, raw.decode("latin-1")), raw)

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
@lru_cache(maxsize=1024)
def _fields(lines: tuple[Field, ...]) -> Mapping[bytes, bytes]:
    return joined(clean(lines))
