"""The rewriter: any cut gives the same, a second rewriting changes nothing, time is bounded; and, where the right
result is known because page and result are made together, it is that one byte for byte.
"""

from __future__ import annotations

import random
import time

from swf_remote.proxy.page import PageContext
from swf_remote.proxy.rewriting import rewriter_for
from swf_remote.proxy.sites import Sites
from tools.fuzz.case import Case

SITES = Sites.of(
    monitor_url="https://localhost:18443/swf-monitor", monitor_host="monitor.example", public_url="https://h/prod/"
)
TYPES = {"html": "text/html", "css": "text/css", "javascript": "text/javascript", "json": "application/json"}
SECONDS = 2.0

URLS = (
    "/swf-monitor/a",
    "/swf-monitor",
    "/swf-monitor?x",
    "/swf-monitorx/",
    "swf-monitor/",
    "//swf-monitor/",
    "%2Fswf",
)
PIECES = {
    "html": (
        *("<a href=", "<img srcset=", "<form action=", "<meta http-equiv=refresh content=", "<base href=", "<link "),
        *('"', "'", ">", "<", "/>", "</a>", "<!--", "-->", "=", " ", "\n", "&#47;", "&amp;", "<script>", "</script>"),
        *(
            "<style>",
            "</style>",
            "<svg>",
            "</svg>",
            "<textarea>",
            "</textarea>",
            "<template>",
            "<title>",
            "<plaintext>",
        ),
        *('<div class="nav-auth">', "</div>", "<body>", 'style="', 'onclick="', 'data-x="', "<pre>", "srcdoc=", "\0"),
        *("url(", ")", "{", "}", "`", "${", "\\", "//", "/*", "*/", "]]>", "<![CDATA[", "\xff", "<!doctype html>"),
    ),
    "css": (
        "url(",
        ")",
        "'",
        '"',
        "@import ",
        "/*",
        "*/",
        "\\2f ",
        "\\",
        "\n",
        ";",
        "{",
        "}",
        " ",
        "image-set(",
        "\xff",
    ),
    "javascript": (
        *(
            "'",
            '"',
            "`",
            "${",
            "}",
            "{",
            "/",
            "//",
            "/*",
            "*/",
            "\n",
            "\\",
            "\\/",
            "\\x2f",
            "\\u002F",
            "\\u{2f}",
            "(",
            ")",
        ),
        *(
            "=",
            " ",
            "+",
            "a",
            "/re/",
            "return ",
            "<a href=",
            "<!--",
            "</script>",
            "navMode",
            "localStorage.",
            "\xff",
            "\r",
        ),
    ),
    "json": (
        '"',
        '\\"',
        "\\\\",
        "\\/",
        "\\u002f",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        " ",
        "1",
        "<a href=",
        "null",
        "\\ud800",
    ),
}


def rewritten(body: bytes, kind: str, size: int) -> bytes:
    """The body, rewritten in pieces of this size."""
    rewriter = rewriter_for(TYPES[kind], SITES, PageContext(b'<div class="nav-auth"><i>me</i></div>'))
    assert rewriter is not None
    pieces = [rewriter.feed(body[at : at + size]) for at in range(0, len(body), size)]
    return b"".join([*pieces, rewriter.finish()])


class Mangled:
    """Bodies in which anything follows anything."""

    def __init__(self, kind: str) -> None:
        self.name = f"mangled-{kind}"
        self._kind = kind
        self._pieces = PIECES[kind] + URLS

    def generate(self, rng: random.Random) -> Case:
        """See ``Target``."""
        parts = rng.choices(self._pieces, k=rng.randint(0, 60))
        if rng.random() < 0.2:
            parts.insert(rng.randrange(len(parts) + 1), rng.randbytes(rng.randint(1, 30)).decode("latin-1"))
        if rng.random() < 0.02:
            parts.insert(rng.randrange(len(parts) + 1), rng.choice(parts or ["x"]) * 20_000)
        return Case(self.name, tuple(parts), rng.randint(1, 40))

    def check(self, case: Case) -> None:
        """See ``Target``."""
        begin = time.monotonic()
        whole = rewritten(case.raw, self._kind, max(len(case.raw), 1))
        assert time.monotonic() - begin < SECONDS + len(case.raw) / 200_000, "too slow"
        size = case.number if len(case.raw) < 5000 else case.number * 1000
        assert rewritten(case.raw, self._kind, size) == whole, f"in pieces of {size} the result is another"
        assert rewritten(whole, self._kind, len(whole) or 1) == whole, "a second rewriting changes the result"


# Templates of which the result is known: %s stands for a URL, and everything else must stay as it is.
KNOWN = {
    "html": (
        '<p><a class="b" href="%s">x</a> /swf-monitor/stays </p>\n',
        "<img src='%s' alt='/swf-monitor/'>",
        '<form method=post action="%s"><input value="/swf-monitor/"></form>',
        '<img srcset="%s 1x, %s 2x">',
        '<td style="background: url(%s)">1</td>',
        "<!-- /swf-monitor/ -->",
        "<pre>GET /swf-monitor/panda/ 200</pre>",
        "<textarea>/swf-monitor/</textarea>",
        "<script>const u = '%s' + id; // '/swf-monitor/'\nfetch(`%s${u}`);</script>",
        '<script type="application/json">{"u": "%s", "n": 1.50}</script>',
        "<style>a { background: url('%s') }</style>",
        "<button onclick=\"go('%s')\">/swf-monitor</button>",
        '<div data-url="%s">t</div>',
    ),
    "css": (
        "a { background: url(%s) }\n",
        '@import "%s";',
        "b::after { content: '/swf-monitorx' }",
        "/* /swf-monitor/ */",
    ),
    "javascript": (
        "let a = '%s';\n",
        'fetch("%s" + id);',
        "x = `%s${id}/`;",
        "// '/swf-monitor/'\n",
        "y = 1 / 2 / 3;\n",
        "h = '<a href=\"%s\">' + t + '</a>';\n",
        "/* '/swf-monitor/' */",
        "z = 'see /swf-monitor/ there';\n",
        r"r = /[/'\"]/g;" + "\n",
    ),
    "json": (
        '{"u": "%s", "/swf-monitor/": 1e5},',
        '"<a href=\\"%s\\">x</a>",',
        '"at /swf-monitor/x",',
        " 12.50, null,\n",
    ),
}
PATHS = ("/panda/jobs/", "/pcs/tags/7/?a=b", "/", "", "?days=3", "#top", "/static/x.css")


class Known:
    """Well-formed bodies made together with their right result."""

    def __init__(self, kind: str) -> None:
        self.name = f"known-{kind}"
        self._kind = kind

    def generate(self, rng: random.Random) -> Case:
        """See ``Target``."""
        templates = rng.choices(KNOWN[self._kind], k=rng.randint(1, 30))
        urls = [rng.choice(PATHS) for _ in range(sum(template.count("%s") for template in templates))]
        filled = iter(urls)
        parts = ["\1".join(_split(template, filled)) for template in templates]
        return Case(self.name, tuple(parts), rng.randint(1, 40))

    def check(self, case: Case) -> None:
        """See ``Target``."""
        body, right = case.raw.replace(b"\1", b"/swf-monitor"), case.raw.replace(b"\1", b"/prod")
        for size in (case.number, len(body) or 1):
            found = rewritten(body, self._kind, size)
            assert found == right, f"in pieces of {size}: {_difference(found, right)}"


def _split(template: str, urls: object) -> list[str]:
    first, *others = template.split("%s")
    return [first, *(next(urls) + other for other in others)]  # type: ignore[call-overload]


def _difference(found: bytes, right: bytes) -> str:
    at = next((n for n, pair in enumerate(zip(found, right, strict=False)) if pair[0] != pair[1]), 0)
    return f"{found[max(at - 40, 0) : at + 40]!r} instead of {right[max(at - 40, 0) : at + 40]!r}"
