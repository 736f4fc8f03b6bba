"""Which requests share an answer: those that are the same by the time they go upstream. Pure.

Cookies are gone by then. ``Accept`` counts by the classes that the monitor tells apart, parameters that the table calls
noise do not count, and the number that DataTables counts its requests by is put back into each answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from swf_remote.proxy.policy.exposure import Exposure
from swf_remote.proxy.request import UpstreamRequest
from swf_remote.web.negotiation import HTML, JSON, preferred

_COUNTER = re.compile(r"[0-9]{1,9}")
_SPLITTING = ("x-requested-with", "x-fragment")
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Key:
    """One shared answer's name."""

    primary: bytes
    """Without the request fields that an answer's ``Vary`` names."""
    user: str
    """The name asserted to the monitor; empty for none."""
    target: str
    """Path and query at the monitor, without noise."""
    echoed: int | None = None
    """The number to be put back into the answer."""
    accept: str = OTHER
    """The class of media types asked for: what stands for ``Accept`` where an answer varies with it."""

    def variant(self, names: tuple[bytes, ...], fields: Mapping[bytes, bytes]) -> bytes:
        """The name among answers that vary with the request fields `names`, whose values are in `fields`."""
        values = [self.accept.encode() if name == b"accept" else fields.get(name, b"") for name in names]
        return self.primary + b"\0" + b"\0".join(part for pair in zip(names, values, strict=True) for part in pair)


def key_of(request: UpstreamRequest, exposure: Exposure) -> Key:
    """The key of a request that reads."""
    fields = {name.lower(): value for name, value in request.headers}
    target, echoed = _without_noise(request.target, exposure.noise, exposure.echoed)
    user = fields.get("x-remote-user", "")
    accept = accept_class(fields.get("accept", ""))
    split = [fields.get(name, "") for name in _SPLITTING]
    counted = "" if echoed is None else exposure.echoed
    primary = "\0".join((user, target, accept, *split, counted)).encode("latin-1")
    return Key(primary, user, target, echoed, accept)


@lru_cache(maxsize=256)
def accept_class(accept: str) -> str:
    """``html``, ``json`` or ``other``: what the monitor tells apart (contract 11)."""
    found = preferred(accept, default=OTHER)
    return found if found in (HTML, JSON) else OTHER


@lru_cache(maxsize=2048)
def _without_noise(target: str, noise: frozenset[str], echoed: str) -> tuple[str, int | None]:
    path, mark, query = target.partition("?")
    if not mark:
        return target, None
    pairs = [pair for pair in query.split("&") if pair.partition("=")[0] not in noise]
    counters = [pair for pair in pairs if echoed and pair.partition("=")[0] == echoed]
    number = counters[0].partition("=")[2] if len(counters) == 1 else ""
    if _COUNTER.fullmatch(number) and str(int(number)) == number:
        pairs.remove(counters[0])
        return "?".join(filter(None, (path, "&".join(pairs)))), int(number)
    return "?".join(filter(None, (path, "&".join(pairs)))), None
