"""A URL of the monitor is one in every spelling that leads a browser there, and in no other."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from swf_remote.proxy.page import PageContext
from swf_remote.proxy.rewriting import rewriter_for
from swf_remote.proxy.sites import Sites
from tests.remote.proxy.bodies import JAVASCRIPT, JSON, SITES, rewritten

MAPPED = {
    "blanks and control characters around": (" \x01\t/swf-monitor/x \x1f", " \x01\t/prod/x \x1f"),
    "a line end within": ("/swf-\nmonitor/x", "/prod/x"),
    "tabs between": ("\t/\tswf\t-\tmonitor\t/x", "\t/prod\t/x"),
    "a backslash for a slash": (r"\swf-monitor\panda\jobs", r"/prod\panda\jobs"),
    "the mount before a backslash": (r"/swf-monitor\panda", r"/prod\panda"),
    "dots at the root": ("/./swf-monitor/x", "/prod/x"),
    "a way up at the root": ("/../swf-monitor/x", "/prod/x"),
    "escaped dots at the root": ("/%2e/swf-monitor/x", "/prod/x"),
    "a way up to the root": ("../../../swf-monitor/x", "../../../prod/x"),
    "an escaped hyphen": ("/swf%2dmonitor/x", "/prod/x"),
    "an escaped letter": ("/%73wf-monitor/x", "/prod/x"),
    "two escaped letters": ("/%73%77%66-monitor/x", "/prod/x"),
    "an escaped query value": ("?next=%2Fswf-monitor%2Fx", "?next=%2Fprod%2Fx"),
    "an escaped query value in small letters": ("?next=%2fswf%2dmonitor%2fx", "?next=%2fprod%2fx"),
    "an escaped value with a query": ("/prod/l/?next=%2Fswf-monitor%3Fa", "/prod/l/?next=%2Fprod%3Fa"),
    "a value before another": ("?next=%2Fswf-monitor&amp;a=b", "?next=%2Fprod&amp;a=b"),
    "a value within a value": (
        "/swf-monitor/l/?next=%2Fswf-monitor%2Fl%2F%3Fnext%3D%252Fswf-monitor%252Fx",
        "/prod/l/?next=%2Fprod%2Fl%2F%3Fnext%3D%252Fprod%252Fx",
    ),
    "where the tunnel ends": ("HTTPS://LocalHost:18443/swf-monitor/x", "/prod/x"),
    "where the tunnel ends, with dots": ("//localhost:18443/./swf-monitor", "/prod"),
}
UNTOUCHED = {
    "an escaped slash": "/swf%2Dmonitor%2Fx",
    "two slashes": "//swf-monitor/x",
    "two backslashes": r"\\swf-monitor\x",
    "a slash and a backslash": r"/\swf-monitor/x",
    "a blank within": "/swf- monitor/x",
    "a folder of that name": "swf-monitor/x",
    "a folder of that name, from here": "./swf-monitor/x",
    "a longer name": "/swf-monitor%2Dold/x",
    "an unknown letter": "/swf-monitor%/x",
    "a value that only contains it": "?q=about%2Fswf-monitor%2F",
    "a longer name in a value": "?next=%2Fswf-monitors%2F",
    "another scheme": "ftp://localhost/swf-monitor/x",
    "the laboratory with its port": "https://pandaserver02.sdcc.bnl.gov:443/swf-monitor/x",
}


@pytest.mark.parametrize(("source", "expected"), MAPPED.values(), ids=MAPPED.keys())
def test_a_url_is_mapped(source: str, expected: str) -> None:
    assert rewritten(f'<a href="{source}">') == f'<a href="{expected}">'
    assert rewritten(f'<a href="{expected}">') == f'<a href="{expected}">'


@pytest.mark.parametrize("source", UNTOUCHED.values(), ids=UNTOUCHED.keys())
def test_another_url_stays(source: str) -> None:
    assert rewritten(f'<a href="{source}">') == f'<a href="{source}">'


@given(st.from_regex(r"(/[A-Za-z0-9@~._-]{0,8}){0,4}(\?[a-z]=[^\"<>&%\s]{0,9})?(#[a-z]{0,4})?", fullmatch=True))
@example("")
@example("?next=/")
def test_what_becomes_of_a_url_can_be_told_back(rest: str) -> None:
    ours = rewritten(f'<a href="/swf-monitor{rest}">')
    assert ours == f'<a href="/prod{rest}">'


@pytest.mark.parametrize("mount", ["/data", "/7", "/a/b"])
@pytest.mark.parametrize(
    ("content_type", "source"),
    [
        ("text/css", r"a{b:url(\2fswf-monitor/x)}"),
        ("text/html", '<a href="&#47swf-monitor/x">'),
        ("text/html", '<a href="&#x2fswf-monitor/x">'),
        ("text/javascript", r"'\57swf-monitor/x'"),
    ],
)
def test_an_escape_never_swallows_the_beginning_of_our_mount(mount: str, content_type: str, source: str) -> None:
    fed = rewriter_for(content_type, Sites(mount=mount), PageContext())
    assert fed is not None
    assert f"{mount}/x".encode() in fed.feed(source.encode()) + fed.finish()


INDEX = (
    b'{"jobs": "https://pandaserver02.sdcc.bnl.gov/swf-monitor/api/jobs/", "docs": "https://example.org/swf-monitor/"}'
)


def mapped_index(sites: Sites, content_type: str = JSON) -> bytes:
    fed = rewriter_for(content_type, sites, PageContext(), absolute=True)
    assert fed is not None
    return fed.feed(INDEX) + fed.finish()


def test_an_index_names_our_public_address_where_the_monitor_named_its_own() -> None:
    ours = INDEX.replace(b"https://pandaserver02.sdcc.bnl.gov/swf-monitor", b"https://epic-devcloud.org/prod")
    assert mapped_index(SITES) == ours


def test_without_a_public_address_an_index_names_paths() -> None:
    sites = Sites.of(monitor_url="http://127.0.0.1:1/swf-monitor", monitor_host="pandaserver02.sdcc.bnl.gov")
    assert mapped_index(sites) == INDEX.replace(b"https://pandaserver02.sdcc.bnl.gov/swf-monitor", b"/prod")


def test_absolute_addresses_are_mapped_in_json_alone() -> None:
    assert mapped_index(SITES, JAVASCRIPT) == INDEX


def test_without_being_asked_an_index_stays() -> None:
    assert rewritten(INDEX, JSON) == INDEX.decode()
