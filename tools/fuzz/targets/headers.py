"""Header fields in both directions: nothing that claims or steers gets through, whatever stands around it."""

from __future__ import annotations

import random
import re

from swf_remote.proxy.headers import HOP_BY_HOP, clean
from swf_remote.proxy.page import ANONYMOUS
from swf_remote.proxy.policy.routes import decide
from swf_remote.proxy.request import upstream_request
from tools.fuzz.case import Case
from tools.fuzz.targets.bodies import SITES

NAMES = (
    *(
        "Host",
        "Cookie",
        "Authorization",
        "X-Remote-User",
        "X_Remote_User",
        "X-Forwarded-For",
        "Forwarded",
        "Connection",
        "TE",
    ),
    *(
        "Accept",
        "Accept-Language",
        "Range",
        "If-Range",
        "If-None-Match",
        "If-Modified-Since",
        "Content-Type",
        "Upgrade",
    ),
    *(
        "Transfer-Encoding",
        "Content-Length",
        "Trailer",
        "Keep-Alive",
        "Set-Cookie",
        "Location",
        "ETag",
        "X.Y",
        "\xff",
        "",
    ),
)
VALUES = (
    *(
        "x-remote-user, cookie",
        "close",
        "bytes=0-9",
        '"abc"',
        'W/"abc", "d"',
        "*",
        "gzip, br;q=0",
        "text/html",
        "admin",
    ),
    *(
        "a\r\nX-Remote-User: admin",
        "a\nb",
        "\0",
        "\t",
        "",
        "chunked",
        "trailers",
        "Tue, 24 Nov 2026 03:00:00 GMT",
        "\xff",
    ),
)
PATHS = ("panda/jobs/", "api/panda/jobs/", "pcs/tags/", "static/x.css", "prod/")
NEVER_UPSTREAM = frozenset({"cookie", "authorization", "x-remote-user", "forwarded", "x-forwarded-for"})


def fields(case: Case) -> list[tuple[bytes, bytes]]:
    """The case's parts as name, value, name, value …"""
    pairs = zip(case.parts[::2], case.parts[1::2], strict=False)
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]


def _generated(name: str, rng: random.Random) -> Case:
    parts = [rng.choice(choice) for _ in range(rng.randint(0, 14)) for choice in (NAMES, VALUES)]
    return Case(name, tuple(parts), rng.randrange(len(PATHS)))


class Requests:
    """A reader's header fields on their way to the monitor."""

    name = "request-headers"

    def generate(self, rng: random.Random) -> Case:
        """See ``Target``."""
        return _generated(self.name, rng)

    def check(self, case: Case) -> None:
        """See ``Target``."""
        path = PATHS[case.number]
        route = decide("GET", path).route
        assert route is not None, f"{path} is not open"
        sent = upstream_request(
            "GET",
            b"/prod/" + path.encode(),
            b"",
            fields(case),
            route=route,
            sites=SITES,
            remote_user=None,
            host="monitor",
            page=ANONYMOUS,
        )
        names = [name.lower() for name, _ in sent.headers]
        assert not NEVER_UPSTREAM & set(names), "an identity passed"
        assert not {name.decode() for name in HOP_BY_HOP} & set(names), "a hop-by-hop field passed"
        assert names.count("host") == 1
        assert len(names) == len(set(names)), "a field passed twice"
        assert not any(re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value) for _, value in sent.headers)


class Answers:
    """The monitor's header fields on their way to a reader."""

    name = "answer-headers"

    def generate(self, rng: random.Random) -> Case:
        """See ``Target``."""
        return _generated(self.name, rng)

    def check(self, case: Case) -> None:
        """See ``Target``."""
        kept = clean(fields(case))
        assert clean(kept) == [field for field in kept if field[0] not in HOP_BY_HOP]
        for name, value in kept:
            assert re.fullmatch(rb"[a-z0-9-]+", name)
            assert name not in HOP_BY_HOP
            assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", value)
