"""What may be kept, for how long, and when it may still be used: RFC 9111, and the table where the monitor is silent.

Pure. The monitor's own word counts first; the exposure table's lifetimes only where it says nothing at all. Times are
seconds since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

from swf_remote.proxy.headers import Field, listed
from swf_remote.proxy.policy.routes import SAFE_METHODS, Cache, Kind, Route

from .directives import MOST_SECONDS, Directives, Headers, age_told, cache_control, moment, seconds, targeted

PAGE_SECONDS = 10.0
STATIC_SECONDS = 300.0
ON_ERROR_SECONDS = 86_400.0
# So long after it was of any other use, an equal body need not be sent again.
CONFIRMED_SECONDS = 300.0
_NONE: Directives = {}
_NEVER = float(-MOST_SECONDS)

_BY_TABLE = frozenset({200, 203, 300, 301, 308, 404, 410})
_UNDERSTOOD = frozenset({200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501})
# Of the bytes that are kept, so a 304 cannot change them (RFC 9111 3.2).
_OF_THE_BODY = frozenset(
    b"content-encoding content-type content-range content-length etag "
    b"content-md5 digest content-digest repr-digest".split()
)

# When and how old it was sent: of the answer that a 304 confirms they say nothing any more.
_OF_THE_MOMENT = frozenset({b"age", b"date"})
GONE = frozenset({502, 503, 504})
"""What the monitor's own server says when the monitor behind it is gone."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A stored answer."""

    status: int
    headers: Headers
    """The monitor's."""
    requested: float
    received: float


@dataclass(frozen=True, slots=True)
class Terms:
    """What a row of the table says."""

    lifetime: float
    """Seconds for which an answer is fresh where the monitor says nothing."""
    longest: float | None = None
    """Seconds for which it is fresh at most, whatever the monitor says."""
    while_revalidating: float = 0.0
    """Seconds after that for which it may be used at once, while it is asked for anew."""
    on_error: float = 0.0
    """Seconds after that for which it may be used when the monitor cannot be asked."""
    shared: bool = True
    """Kept for everybody; else for one name."""


def terms_of(route: Route) -> Terms:
    """The terms of a row that lets answers be kept."""
    static = route.cache is Cache.STATIC
    default = STATIC_SECONDS if static or route.kind is Kind.STATIC else PAGE_SECONDS
    lifetime = default if route.lifetime is None else route.lifetime
    return Terms(
        lifetime,
        route.longest,
        while_revalidating=0.0 if static else lifetime,
        on_error=ON_ERROR_SECONDS,
        shared=route.cache is not Cache.PRIVATE,
    )


class Use(Enum):
    """How a stored answer may be used."""

    FRESH = "as it is"
    STALE_NOW = "as it is, while it is asked for anew"
    VALIDATE = "after asking the monitor"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be done with a stored answer now."""

    use: Use
    age: int
    """Seconds, for the ``Age`` field (RFC 9111 5.1)."""
    on_error: bool
    """Whether it may be served, labelled as stale, if the monitor cannot be asked (RFC 5861 4)."""
    as_of: float
    """Seconds since the epoch: the latest moment of which it is certain that it was true then."""


def may_store(method: str, asked: Headers, facts: Facts, terms: Terms) -> bool:
    """Whether the answer may be kept (RFC 9111 3)."""
    said = _said(facts.headers, terms)
    if method != "GET" or facts.status == 206 or varies(facts) is None:
        return False
    if "no-store" in cache_control_of(asked):
        return False
    understood = "must-understand" in said and facts.status in _UNDERSTOOD
    if not understood and ("no-store" in said or "must-understand" in said):
        return False
    if terms.shared and "private" in said:
        return False
    if facts.status < 200 or facts.status == 304:
        return False
    explicit = _explicit(facts, terms)
    # Even what has to be asked for each time is worth keeping: an equal body then need not be sent again.
    return explicit is not None or facts.status in _BY_TABLE


def may_share(asked: Headers, facts: Facts, terms: Terms) -> bool:
    """Whether readers who ask at the same moment may get the one answer, be it kept or not."""
    said = _said(facts.headers, terms)
    alone = "no-store" in said or "no-store" in cache_control_of(asked) or (terms.shared and "private" in said)
    return not alone and varies(facts) is not None


def cache_control_of(headers: Headers) -> Directives:
    """What ``Cache-Control`` says, with nothing said where it is missing."""
    value = headers.get(b"cache-control")
    return _NONE if value is None else cache_control(value)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is certain of a stored answer, whatever the time. All in seconds."""

    received: float
    """Since the epoch."""
    age: float
    """When it was received."""
    lifetime: float
    asks_always: bool
    """Fresh or not, the monitor has to be asked."""
    while_revalidating: float
    """Beyond freshness; 0 where that is forbidden."""
    on_error: float
    """The same, when the monitor cannot be asked; negative where that is forbidden."""

    @property
    def lasts(self) -> float:
        """Seconds since receipt for which it may be of use: as it is, on error, or to be confirmed by the monitor."""
        beyond = max(self.while_revalidating, self.on_error, CONFIRMED_SECONDS)
        return max(self.lifetime + beyond - self.age, CONFIRMED_SECONDS)

    def at(self, now: float) -> Verdict:
        """How it may be used at `now`."""
        age = min(self.age + max(now - self.received, 0.0), float(MOST_SECONDS))
        stale_for = age - self.lifetime
        use = Use.VALIDATE
        if stale_for < 0 and not self.asks_always:
            use = Use.FRESH
        elif 0 <= stale_for < self.while_revalidating:
            use = Use.STALE_NOW
        return Verdict(use, max(int(age), 0), stale_for < self.on_error, self.received - self.age)


def standing(facts: Facts, terms: Terms) -> Standing:
    """What the heads and the table say of a stored answer."""
    said = _said(facts.headers, terms)
    explicit = _explicit(facts, terms)
    lifetime = terms.lifetime if explicit is None else explicit
    if explicit is None and facts.status not in _BY_TABLE:
        lifetime = 0.0
    if terms.longest is not None:
        lifetime = min(lifetime, terms.longest)
    if age_told(facts.headers.get(b"age")) is None:
        lifetime = 0.0
    # Of two failures the newer one says more.
    strict = _strict(said, terms) or facts.status in GONE
    return Standing(
        facts.received,
        _age_at_receipt(facts, by_date=explicit is not None),
        lifetime,
        _always_asks(said, facts),
        0.0 if strict else _while_revalidating(said, explicit, terms),
        _NEVER if strict else _allowed(said, "stale-if-error", None, terms.on_error),
    )


def verdict(facts: Facts, terms: Terms, now: float) -> Verdict:
    """How the stored answer may be used at `now`."""
    return standing(facts, terms).at(now)


def conditions(facts: Facts) -> list[Field]:
    """Fields by which the monitor may say that nothing changed (RFC 9111 4.3.1)."""
    found = []
    if tag := facts.headers.get(b"etag"):
        found.append((b"if-none-match", tag))
    if date := facts.headers.get(b"last-modified"):
        found.append((b"if-modified-since", date))
    return found


def freshened(facts: Facts, not_modified: Facts) -> Facts:
    """The stored answer after the monitor said that nothing changed (RFC 9111 3.2, 4.3.4)."""
    news = {name: value for name, value in not_modified.headers.items() if name not in _OF_THE_BODY}
    kept = {name: value for name, value in facts.headers.items() if name not in _OF_THE_MOMENT}
    return replace(facts, headers=kept | news, requested=not_modified.requested, received=not_modified.received)


def varies(facts: Facts) -> tuple[bytes, ...] | None:
    """Request fields that chose this answer, sorted; None where no other request will do (``*``).

    Cookies are gone before a request goes upstream, so they choose nothing.
    """
    return _chosen_by(facts.headers.get(b"vary", b""))


# The same ones come again and again.
@lru_cache(maxsize=256)
def _chosen_by(vary: bytes) -> tuple[bytes, ...] | None:
    names = {name.lower() for name in listed(vary)}
    return None if b"*" in names else tuple(sorted(names - {b"cookie"}))


def invalidated(method: str, status: int, target: str, headers: Headers) -> list[str]:
    """Targets whose stored answers a successful write makes doubtful (RFC 9111 4.4)."""
    if method in SAFE_METHODS or not 200 <= status < 400:
        return []
    found = [target]
    for name in (b"location", b"content-location"):
        if value := headers.get(name):
            other = urlsplit(urljoin(f"http://monitor{target}", value.decode("latin-1")))
            if other.netloc == "monitor" and other.scheme == "http":
                found.append(other.path + (f"?{other.query}" if other.query else ""))
    return list(dict.fromkeys(found))


def _said(headers: Headers, terms: Terms) -> Directives:
    """The directives that count: those meant for caches like this one before those for all (RFC 9213 2.2)."""
    if terms.shared and (value := headers.get(b"cdn-cache-control")) and (own := targeted(value)) is not None:
        return own
    return cache_control_of(headers)


def _explicit(facts: Facts, terms: Terms) -> float | None:
    """Seconds of freshness that the monitor itself gave (RFC 9111 4.2.1); None where it is silent."""
    said = _said(facts.headers, terms)
    if terms.shared and "s-maxage" in said:
        return seconds(said["s-maxage"]) or 0.0
    if "max-age" in said:
        return seconds(said["max-age"]) or 0.0
    if "no-cache" in said:
        return 0.0
    is_targeted = said is not cache_control_of(facts.headers)
    if b"expires" in facts.headers and not is_targeted:
        expires = moment(facts.headers[b"expires"])
        date = moment(facts.headers.get(b"date"))
        return 0.0 if expires is None else max(expires - (facts.received if date is None else date), 0.0)
    return None


def _always_asks(said: Directives, facts: Facts) -> bool:
    """``no-cache`` for the whole answer; naming fields it is about those only (RFC 9111 5.2.2.4)."""
    if "no-cache" in said:
        return True
    return not said and facts.headers.get(b"pragma", b"").lower() == b"no-cache"


def _strict(said: Directives, terms: Terms) -> bool:
    """Whether a stale answer must not be used in any case (RFC 9111 4.2.4)."""
    shared = terms.shared and ("proxy-revalidate" in said or "s-maxage" in said)
    return shared or "must-revalidate" in said or "no-cache" in said


def _allowed(said: Directives, name: str, explicit: float | None, by_table: float) -> float:
    """Seconds beyond freshness: the monitor's word, else the table's where the monitor was silent about freshness."""
    if name in said:
        return seconds(said[name]) or 0.0
    return by_table if explicit is None else 0.0


def _while_revalidating(said: Directives, explicit: float | None, terms: Terms) -> float:
    """At most one lifetime of those rows for which the table sets a bound."""
    allowed = _allowed(said, "stale-while-revalidate", explicit, terms.while_revalidating)
    return allowed if terms.longest is None else min(allowed, terms.longest)


def _age_at_receipt(facts: Facts, *, by_date: bool) -> float:
    """RFC 9111 4.2.3. Where the table gave the lifetime, the monitor's clock, which may be wrong, is not asked."""
    date = moment(facts.headers.get(b"date")) if by_date else None
    apparent = 0.0 if date is None else max(facts.received - date, 0.0)
    told = age_told(facts.headers.get(b"age")) or 0
    return max(apparent, told + max(facts.received - facts.requested, 0.0))
