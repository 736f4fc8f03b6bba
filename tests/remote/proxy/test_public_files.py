"""Public files that pages load come from us, in the locked version, wherever a page names them (contract 3.3)."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.types import Message

from swf_remote.edge.assets import ASK_AGAIN, FOR_EVER, STATIC_FOLDER, Assets
from swf_remote.proxy.page import PageContext
from swf_remote.proxy.rewriting import rewriter_for
from swf_remote.proxy.substitutes import NEEDLES, substitutes
from tests.remote.proxy.bodies import CSS, JAVASCRIPT, JSON, SITES, rewritten

ROOT = Path(__file__).resolve().parents[3]
OURS = "/prod/assets/vendor/"
TABLE = substitutes(OURS)
# What contract 3.3 lists, as pages write it.
LOADED = [
    "https://cdn.jsdelivr.net/npm/bootstrap@5.3.3/dist/css/bootstrap.min.css",
    "https://cdn.jsdelivr.net/npm/bootstrap@5.3.3/dist/js/bootstrap.bundle.min.js",
    "https://cdn.jsdelivr.net/npm/bootstrap-icons@1.11.3/font/bootstrap-icons.css",
    "https://cdn.jsdelivr.net/npm/bootstrap-icons@1.11.3/font/bootstrap-icons.min.css",
    "https://cdn.jsdelivr.net/npm/flatpickr",
    "https://cdn.jsdelivr.net/npm/flatpickr/dist/flatpickr.min.css",
    "https://cdn.jsdelivr.net/npm/renderjson@1.4.0/renderjson.min.js",
    "https://cdn.jsdelivr.net/npm/renderjson@1.4.0/renderjson.js",
    "https://cdn.jsdelivr.net/npm/sortablejs@1.15.6/Sortable.min.js",
    "https://code.jquery.com/jquery-3.7.1.min.js",
    "https://cdn.datatables.net/1.13.8/css/dataTables.bootstrap5.min.css",
    "https://cdn.datatables.net/1.13.8/js/jquery.dataTables.min.js",
    "https://cdn.datatables.net/1.13.8/js/dataTables.bootstrap5.min.js",
    "https://cdnjs.cloudflare.com/ajax/libs/prism/1.29.0/themes/prism.min.css",
    "https://cdnjs.cloudflare.com/ajax/libs/prism/1.29.0/themes/prism-tomorrow.min.css",
    "https://cdnjs.cloudflare.com/ajax/libs/prism/1.29.0/components/prism-core.min.js",
    "https://cdnjs.cloudflare.com/ajax/libs/prism/1.29.0/components/prism-python.min.js",
    "https://cdnjs.cloudflare.com/ajax/libs/prism/1.29.0/components/prism-json.min.js",
    "https://cdnjs.cloudflare.com/ajax/libs/codemirror/5.65.18/codemirror.min.css",
    "https://cdnjs.cloudflare.com/ajax/libs/codemirror/5.65.18/codemirror.min.js",
    "https://cdnjs.cloudflare.com/ajax/libs/codemirror/5.65.18/theme/material-darker.min.css",
    "https://cdnjs.cloudflare.com/ajax/libs/codemirror/5.65.18/mode/markdown/markdown.min.js",
    "https://cdnjs.cloudflare.com/ajax/libs/codemirror/5.65.18/mode/javascript/javascript.min.js",
    "https://cdn.plot.ly/plotly-2.35.2.min.js",
    "https://cdn.plot.ly/plotly-basic-2.35.2.min.js",
]
JQUERY = "https://code.jquery.com/jquery-3.7.1.min.js"
OUR_JQUERY = OURS + "jquery@3.7.1/dist/jquery.min.js?v=3.7.1"


@pytest.mark.parametrize("address", LOADED)
def test_a_file_that_pages_load_is_ours(address: str) -> None:
    loaded = rewritten(f'<script src="{address}"></script><link rel="stylesheet" href="{address}">')
    ours = TABLE[address.removeprefix("https://")]
    assert loaded == f'<script src="{ours}"></script><link rel="stylesheet" href="{ours}">'


def test_every_file_of_the_table_is_there() -> None:
    folder = ROOT / "src" / "swf_remote" / "static" / "vendor"
    for ours in set(TABLE.values()):
        path = ours.removeprefix(OURS).partition("?")[0]
        assert (folder / path).stat().st_size > 400, path


def test_every_file_of_the_table_has_the_locked_version() -> None:
    names = json.loads((ROOT / "package.json").read_text())["dependencies"]
    for ours in TABLE.values():
        package, _, version = ours.removeprefix(OURS).partition("/")[0].rpartition("@")
        assert names[f"cdn-{package}-{version}"] == f"npm:{package}@{version}"
        assert ours.endswith(f"?v={version}")


def test_every_stand_in_is_of_use() -> None:
    listed = json.loads((ROOT / "package.json").read_text())["vendor"]["swf_remote"]
    used = {ours.removeprefix(OURS).partition("?")[0].partition("@")[0] for ours in TABLE.values()}
    assert {name.split("/")[0].rpartition("-")[0].removeprefix("cdn-") for name in listed if "cdn-" in name} == used


def test_every_address_holds_a_needle() -> None:
    assert all(any(needle in b"//" + public.encode() for needle in NEEDLES) for public in TABLE)


REPLACED = {
    "without a scheme": (f'<script src="{JQUERY[6:]}">', f'<script src="{OUR_JQUERY}">'),
    "without encryption": (f'<script src="http{JQUERY[5:]}">', f'<script src="{OUR_JQUERY}">'),
    "with a query": (f'<script src="{JQUERY}?x=1">', f'<script src="{OUR_JQUERY}">'),
    "not minified": ('<script src="https://code.jquery.com/jquery-3.7.1.js">', f'<script src="{OUR_JQUERY}">'),
    "with the other build's hash": (
        f'<script src="{JQUERY}" integrity="sha256-x" crossorigin="anonymous"></script>',
        f'<script src="{OUR_JQUERY}"  crossorigin="anonymous"></script>',
    ),
    "with the hash in front": (
        f"<script integrity='sha256-x' src={JQUERY}></script>",
        f"<script  src={OUR_JQUERY}></script>",
    ),
    "to be loaded early": (
        f'<link rel="preload" as="script" href="{JQUERY}">',
        f'<link rel="preload" as="script" href="{OUR_JQUERY}">',
    ),
    "by a script": (f"<script>s.src = '{JQUERY}';</script>", f"<script>s.src = '{OUR_JQUERY}';</script>"),
    "by a script's markup": (
        f"<script>d.write('<script src=\"{JQUERY}\"><\\/script>')</script>",
        f"<script>d.write('<script src=\"{OUR_JQUERY}\"><\\/script>')</script>",
    ),
    "by a module": (
        f'<script type="module">import "{JQUERY}"</script>',
        f'<script type="module">import "{OUR_JQUERY}"</script>',
    ),
    "in a style element": (
        "<style>@import url(https://cdn.jsdelivr.net/npm/flatpickr/dist/flatpickr.min.css) screen;</style>",
        f"<style>@import url({OURS}flatpickr@4.6.13/dist/flatpickr.min.css?v=4.6.13) screen;</style>",
    ),
}
LEFT = {
    "a link for people": f'<a href="{JQUERY}">jQuery</a>',
    "words": f"<p>{JQUERY}</p>",
    "a comment": f'<!-- <script src="{JQUERY}"></script> -->',
    "another version": '<script src="https://code.jquery.com/jquery-3.7.0.min.js" integrity="sha256-x">',
    "another file": '<link rel="stylesheet" href="https://cdn.jsdelivr.net/npm/bootstrap@5.3.3/dist/css/bootstrap-grid.min.css">',
    "another host": '<script src="https://cdn.example.org/jquery-3.7.1.min.js">',
    "a longer name": f'<script src="{JQUERY}.map">',
    "words of a script": f"<script>log('see {JQUERY} for more')</script>",
    "a hash of our own": '<script src="/swf-other/a.js" integrity="sha256-x">',
}


@pytest.mark.parametrize(("source", "expected"), REPLACED.values(), ids=REPLACED.keys())
def test_ours_is_loaded(source: str, expected: str) -> None:
    assert rewritten(source) == expected
    assert rewritten(expected) == expected


@pytest.mark.parametrize("source", LEFT.values(), ids=LEFT.keys())
def test_all_else_stays(source: str) -> None:
    assert rewritten(source) == source


def test_script_files_and_style_sheets_load_ours_too() -> None:
    plotly = TABLE["cdn.plot.ly/plotly-2.35.2.min.js"]
    assert rewritten('load("https://cdn.plot.ly/plotly-2.35.2.min.js")', JAVASCRIPT) == f'load("{plotly}")'
    theme = "cdnjs.cloudflare.com/ajax/libs/prism/1.29.0/themes/prism.min.css"
    assert rewritten(f'@import "https://{theme}";', CSS) == f'@import "{TABLE[theme]}";'


def test_data_stays() -> None:
    assert rewritten(f'{{"u": "{JQUERY}"}}', JSON) == f'{{"u": "{JQUERY}"}}'


def test_switched_off_every_page_keeps_its_hosts() -> None:
    source = "".join(f'<script src="{address}" integrity="x"></script>' for address in LOADED)
    fed = rewriter_for("text/html", replace(SITES, substitutes=""), PageContext())
    assert fed is not None
    assert (fed.feed(source.encode()) + fed.finish()).decode() == source


@pytest.mark.parametrize(
    "ours", [*sorted(set(TABLE.values()))[:3], OURS + "bootstrap-icons@1.11.3/font/fonts/bootstrap-icons.woff2"]
)
def test_our_copies_are_served(ours: str) -> None:
    status, headers, body = asyncio.run(fetched(ours))
    assert status == 200
    assert int(headers[b"content-length"]) == len(body) > 400
    assert headers[b"cache-control"] == (FOR_EVER if "?v=" in ours else ASK_AGAIN)
    assert headers[b"content-type"].partition(b";")[0] in (b"text/css", b"text/javascript", b"font/woff2")


async def fetched(address: str) -> tuple[int, dict[bytes, bytes], bytes]:
    """The answer of the gateway's own files to a GET of `address`."""
    path, _, query = address.partition("?")
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": []}
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Message:
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    await Assets("/prod/assets/", STATIC_FOLDER)(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in messages[1:])
    return messages[0]["status"], dict(messages[0]["headers"]), body
