"""What pages link against what the table knows: the pure half of ``swf-remote check --live``."""

from __future__ import annotations

import pytest

from swf_remote.operations.drift import gone, is_known, links, may_be_walked, new_parts, one_of_each, samples
from swf_remote.proxy.policy.exposure_file import parsed, read_exposure

MOUNT = "/swf-monitor"


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ('<a href="/swf-monitor/panda/jobs/?days=7&amp;a=b">', {"panda/jobs/"}),
        ("<form action='/swf-monitor/pcs/request/'>", {"pcs/request/"}),
        ("<a href=/swf-monitor/about/>", {"about/"}),
        ('<div data-refresh-url="/swf-monitor/pcs/dashboard/panel/live/">', {"pcs/dashboard/panel/live/"}),
        ("<script>fetch('/swf-monitor/ai/api/proposals/undo/')</script>", {"ai/api/proposals/undo/"}),
        ("fetch(`/swf-monitor/pcs/tags/${t}/datatable/`)", set()),
        ("fetch('/swf-monitor/pcs/api/' + name)", set()),
        ('{"url": "/swf-monitor/panda/tasks/7/"}', {"panda/tasks/7/"}),
        ('onclick="go(&quot;/swf-monitor/analysis/&quot;)"', {"analysis/"}),
        ('<a href="/swf-monitor/">', {""}),
        ('<a href="https://pandaserver02.sdcc.bnl.gov/swf-monitor/testbed/">', set()),
        ('<a href="/swf-monitors/x/">', set()),
        ("<pre>see /swf-monitor/panda/</pre>", set()),
    ],
)
def test_links_are_found_wherever_pages_put_them(body: str, paths: set[str]) -> None:
    assert links(body, MOUNT) == paths


@pytest.mark.parametrize(
    "path", ["panda/jobs/", "logs/", "admin/", "compute-usage/", "api/workflows/", "pcs/a-new-page/"]
)
def test_what_the_table_shows_or_withholds_is_known(path: str) -> None:
    assert is_known(path, read_exposure())


@pytest.mark.parametrize("path", ["harvest/", "harvest/7/", "../etc/"])
def test_what_the_table_never_heard_of_is_new(path: str) -> None:
    assert not is_known(path, read_exposure())


def test_a_new_part_is_named_once_with_the_page_that_links_it() -> None:
    linked = {"harvest/7/": "panda/", "harvest/8/": "prod/", "panda/jobs/": "prod/"}
    assert [(one.kind, one.path, one.why) for one in new_parts(linked, read_exposure())] == [
        ("NEW", "harvest/7/", "linked from panda/")
    ]


TABLE = parsed('routes = [{ path = "about/" }, { path = "static/**", kind = "static", sample = "static/a.css" }]')


def test_a_row_whose_sample_is_not_found_is_gone() -> None:
    (found,) = gone({"about/": 404, "static/a.css": 200}, [], TABLE)
    assert (found.kind, found.path, found.why) == ("GONE", "about/", "row 1 (about/) answers 404")


def test_a_row_that_the_monitor_links_elsewhere_is_not_gone() -> None:
    statuses = {"about/": 404, "static/a.css": 404}
    assert [one.path for one in gone(statuses, ["static/b.css", "../x"], TABLE)] == ["about/"]
    assert [one.path for one in gone(statuses, ["static/a.css", "about/"], TABLE)] == ["about/", "static/a.css"]


def test_rows_without_a_harmless_page_have_no_sample() -> None:
    asked = {route.sample for route in samples(read_exposure())}
    assert {"about/", "panda/", "panda/system/status.json", "static/css/style.css"} <= asked
    for path in asked:
        route = read_exposure().decide("GET", path).route
        assert route is not None
        assert not (route.effects or route.changes)
        assert route.kind != "stream"


@pytest.mark.parametrize(
    ("path", "walked"),
    [
        ("panda/jobs/", True),
        ("pcs/catalog/", True),
        ("panda/tasks/7/", False),
        ("panda/jobs/1/payload-log/", False),
        ("pcs/tasks/a/commands/", False),
        ("panda/system/", False),
        ("panda/view-text/", False),
        ("panda/system/status.json", False),
        ("static/css/style.css", False),
        ("logs/", False),
        ("panda-queues/update-from-github/", False),
        ("../x/", False),
    ],
)
def test_only_public_pages_without_effects_are_walked(path: str, walked: bool) -> None:
    assert may_be_walked(path, read_exposure()) is walked


def test_of_pages_that_differ_in_numbers_one_is_enough() -> None:
    assert one_of_each(["a/2/", "a/1/", "b/", "a/1/c/"]) == ["a/1/", "a/1/c/", "b/"]
