"""What the outer layer refuses before any page is looked for: wrong hosts, other methods, oversized requests."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from django.http.request import split_domain_port, validate_host
from starlette.types import Scope

from swf_remote.edge.problem import Problem

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
MOST_HEADERS = 100
LARGEST_HEADERS = 32_768
LONGEST_TARGET = 16_384
# In the scope of a request that our own server refused while reading it: its ``Problem``.
REFUSED = "swf_remote.refused"


WRONG_METHOD = Problem(
    405,
    "method-not-allowed",
    "This method is not used here",
    "Use one of the methods named in the Allow header.",
    allow=METHODS,
)
LARGE_HEADERS = Problem(
    431,
    "headers-too-large",
    "The request's headers are too large",
    "Delete this site's cookies, or send fewer headers.",
)
LONG_TARGET = Problem(414, "address-too-long", "The address is too long", "Use fewer filters.")


def refusal(scope: Scope, hosts: Sequence[str]) -> Problem | None:
    """Why this request is not looked at, or None."""
    return scope.get(REFUSED) or _wrong_method(scope) or _too_large(scope) or _wrong_host(scope, hosts)


def _wrong_method(scope: Scope) -> Problem | None:
    return None if scope["method"] in METHODS else WRONG_METHOD


def _too_large(scope: Scope) -> Problem | None:
    headers = scope["headers"]
    size = sum(len(name) + len(value) for name, value in headers)
    if len(headers) > MOST_HEADERS or size > LARGEST_HEADERS:
        return LARGE_HEADERS
    if len(scope["raw_path"]) + len(scope["query_string"]) > LONGEST_TARGET:
        return LONG_TARGET
    return None


def _wrong_host(scope: Scope, hosts: Sequence[str]) -> Problem | None:
    given = [value for name, value in scope["headers"] if name == b"host"]
    if len(given) == 1 and _is_ours(given[0], tuple(hosts)):
        return None
    detail = "Use the address you were given; its host name has to be one that this gateway is set up for."
    return Problem(400, "wrong-host", "This gateway does not answer to that host name", detail)


@lru_cache(maxsize=64)
def _is_ours(host: bytes, hosts: tuple[str, ...]) -> bool:
    return validate_host(split_domain_port(host.decode("latin-1"))[0], hosts)
