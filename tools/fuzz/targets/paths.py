"""Paths: what is accepted never steps out of the tree, however often it is decoded; the floor holds in any spelling."""

from __future__ import annotations

import random
import re
from urllib.parse import unquote

from swf_remote.proxy.policy.floor import never_opened
from swf_remote.proxy.policy.paths import normalise
from swf_remote.proxy.policy.refusals import RefusedPath
from swf_remote.proxy.policy.routes import decide
from tools.fuzz.case import Case

PIECES = (
    *(
        "/",
        "//",
        ".",
        "..",
        "%2e",
        "%2E",
        "%2f",
        "%5c",
        "\\",
        "%00",
        "%",
        "%2",
        "%252e",
        "%25252f",
        ";",
        ";x=1",
        "?",
        "#",
    ),
    *("panda", "pcs", "api", "admin", "jobs", "123", "a b", "%20", "+", "%c0%ae", "%ff", "é", "~", "%0d%0a", "%u002e"),
)
CLOSED = tuple(name for _, names in never_opened() for name in names)
ROOTS = ("", "api/", "panda/", "pcs/", "api/panda/", "pcs/api/")
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")


def reading(raw_path: bytes) -> str | None:
    """The path as the table is asked about it; None when it is refused."""
    try:
        return normalise(raw_path, "/prod")
    except RefusedPath:
        return None


class Paths:
    """Anything below the mount, and beside it."""

    name = "paths"

    def generate(self, rng: random.Random) -> Case:
        """See ``Target``."""
        begin = rng.choice(("/prod/", "/prod/", "/prod/panda/", "/prod", "/", "/prodx/", "/prod//"))
        return Case(self.name, (begin, *rng.choices(PIECES, k=rng.randint(0, 12))), 0)

    def check(self, case: Case) -> None:
        """See ``Target``."""
        path = reading(case.raw)
        if path is None:
            return
        assert case.raw == b"/prod" or case.raw.startswith(b"/prod/")
        for _ in range(4):
            segments = re.split(r"[/\\]", path)
            assert ".." not in segments, "it climbs"
            assert "." not in segments, "it stays in place"
            assert not path.startswith("/"), "it begins at the root"
            assert not re.search(r"[\x00-\x1f\x7f]", path), "it holds a control character"
            path = unquote(path)


class Floor:
    """Names that no table opens, spelled in ways that some server may read as the same."""

    name = "floor"

    def generate(self, rng: random.Random) -> Case:
        """See ``Target``."""
        path = rng.choice(ROOTS) + rng.choice(CLOSED) + rng.choice(("", "/", "/x/", "/x", "/../admin/"))
        letters = [_disguised(letter, rng) for letter in path]
        return Case(self.name, ("/prod/", *letters), rng.randrange(len(METHODS)))

    def check(self, case: Case) -> None:
        """See ``Target``."""
        path = reading(case.raw)
        if path is not None and _closed(path):
            assert decide(METHODS[case.number], path).route is None, f"{path!r} is open"


def _disguised(letter: str, rng: random.Random) -> str:
    chance = rng.random()
    if chance < 0.85:
        return letter
    if chance < 0.95:
        return f"%{ord(letter):02{rng.choice('xX')}}"
    return rng.choice((letter.upper(), letter + ";", letter + "/", f"%25{ord(letter):02x}"))


def _closed(path: str) -> bool:
    """Whether it means a closed name: agents' own paths at the mount alone, the others below every root, too."""
    below = next((path[len(root) :] for root in sorted(ROOTS, key=len, reverse=True) if path.startswith(root)), path)
    anywhere = (name for name in CLOSED if not name.startswith("api/"))
    return any(_at_or_below(path, name) for name in CLOSED) or any(_at_or_below(below, name) for name in anywhere)


def _at_or_below(path: str, name: str) -> bool:
    return path == name or path.startswith(name + "/")
