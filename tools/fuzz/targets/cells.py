"""Table cells: whatever a string of JSON holds, nothing in it runs, and the JSON stays JSON."""

from __future__ import annotations

import json
import random
from html.parser import HTMLParser

from swf_remote.proxy.page import ANONYMOUS
from swf_remote.proxy.rewriting import rewriter_for
from tools.fuzz.case import Case
from tools.fuzz.targets.bodies import SITES

PIECES = (
    *(
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)>",
        "<script>alert(1)</script>",
        "<iframe src=//e>",
        "<b>",
        "</b>",
    ),
    *(
        "<a href=",
        "javascript:alert(1)",
        "data:text/html,x",
        "jAvA\tscript:x",
        "/swf-monitor/x",
        "<math>",
        "<style>",
        "</style>",
    ),
    *(
        "<form action=x>",
        "<object data=x>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<svg><style>",
        "<noscript>",
        "</noscript>",
    ),
    *(
        '"',
        "'",
        ">",
        "<",
        "/",
        " ",
        "=",
        "&lt;",
        "&#60;",
        "&#x3c;",
        "onclick=x ",
        "style=x:expression(1) ",
        "\n",
        "\0",
        "\\",
    ),
    *(
        "<template>",
        "<plaintext>",
        "<textarea>",
        "</textarea>",
        "<title>",
        "<select>",
        "<xmp>",
        "\x7f",
        "é",
        "1 < 2",
        "a & b",
    ),
)
FORBIDDEN = frozenset(
    [
        "script",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
        "meta",
        "link",
        "style",
        "svg",
        "math",
        "template",
        "noscript",
    ]
)


class _Harm(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in FORBIDDEN:
            self.found.append(tag)
        for name, value in attrs:
            address = "".join((value or "").split()).lower()
            if name.startswith("on") or address.startswith(("javascript:", "data:text", "vbscript:")):
                self.found.append(f"{tag} {name}={value}")


class Cells:
    """One JSON document of cells."""

    name = "cells"

    def generate(self, rng: random.Random) -> Case:
        """See ``Target``."""
        return Case(self.name, tuple(rng.choices(PIECES, k=rng.randint(1, 25))), rng.randint(1, 999))

    def check(self, case: Case) -> None:
        """See ``Target``."""
        text = "".join(case.parts)
        document = {"data": [[text, 1.5, None], {"cell": text}], text: "key"}
        body = json.dumps(document, ensure_ascii=case.number % 2 == 0).encode()
        whole = _harmless(body, len(body))
        assert _harmless(body, case.number % 40 + 1) == whole, "another cut gives another result"
        found = json.loads(whole)
        cells = [found["data"][0][0], found["data"][1]["cell"], *found]
        assert found["data"][0][1:] == [1.5, None]
        for cell in cells:
            harm = _Harm()
            harm.feed(cell)
            harm.close()
            assert not harm.found, f"{harm.found} in {cell!r}"


def _harmless(body: bytes, size: int) -> bytes:
    rewriter = rewriter_for("application/json", SITES, ANONYMOUS, cells=True)
    assert rewriter is not None
    pieces = [rewriter.feed(body[at : at + size]) for at in range(0, len(body), size)]
    return b"".join([*pieces, rewriter.finish()])
