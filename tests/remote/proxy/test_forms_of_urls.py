"""Every form in which the monitor writes its URLs (contract 3.2 and 3.5), one test each."""

import pytest

from tests.remote.proxy.bodies import CSS, HTML, JAVASCRIPT, JSON, rewritten

TABLE_3_2 = [
    ("href", HTML, '<a href="/swf-monitor/panda/jobs/?days=7">Jobs</a>', '<a href="/prod/panda/jobs/?days=7">Jobs</a>'),
    ("action", HTML, '<form method="post" action="/swf-monitor/pcs/x/">', '<form method="post" action="/prod/pcs/x/">'),
    ("query-only link", HTML, '<a href="?days=7&amp;page=2">', '<a href="?days=7&amp;page=2">'),
    ("fragment link", HTML, '<a href="#section-swf-monitor">', '<a href="#section-swf-monitor">'),
    (
        "string constant",
        HTML,
        "<script>const API = '/swf-monitor/pcs/api/prod-tasks/';</script>",
        "<script>const API = '/prod/pcs/api/prod-tasks/';</script>",
    ),
    (
        "template literal",
        JAVASCRIPT,
        "fetch(`/swf-monitor/pcs/tags/${t}/datatable/`)",
        "fetch(`/prod/pcs/tags/${t}/datatable/`)",
    ),
    ("concatenation", JAVASCRIPT, "get('/swf-monitor/pcs/api/' + x + '/')", "get('/prod/pcs/api/' + x + '/')"),
    (
        "script name prefix",
        JAVASCRIPT,
        'new EventSource("/swf-monitor/api/messages/stream/?msg_types=panda_task_operation_done")',
        'new EventSource("/prod/api/messages/stream/?msg_types=panda_task_operation_done")',
    ),
    (
        "DataTables address",
        HTML,
        "<script>$('#main-table').DataTable({ajax: {url: '/swf-monitor/panda/jobs/datatable/'}})</script>",
        "<script>$('#main-table').DataTable({ajax: {url: '/prod/panda/jobs/datatable/'}})</script>",
    ),
    (
        "filter counts",
        JAVASCRIPT,
        "$.ajax({ url: '/swf-monitor/panda/tasks/filter-counts/' })",
        "$.ajax({ url: '/prod/panda/tasks/filter-counts/' })",
    ),
    (
        "HTML cell in JSON",
        JSON,
        r'{"data": [["<a href=\"/swf-monitor/panda/jobs/123/\">123</a>", 4]]}',
        r'{"data": [["<a href=\"/prod/panda/jobs/123/\">123</a>", 4]]}',
    ),
    (
        "path in JSON",
        JSON,
        '{"catalog_url": "/swf-monitor/pcs/catalog/?campaign=26.07"}',
        '{"catalog_url": "/prod/pcs/catalog/?campaign=26.07"}',
    ),
    (
        "data attribute",
        HTML,
        '<button data-system-status-url="/swf-monitor/panda/system/status.json">',
        '<button data-system-status-url="/prod/panda/system/status.json">',
    ),
    (
        "path in a query value",
        HTML,
        '<a href="/swf-monitor/accounts/login/?next=/swf-monitor/panda/jobs/">',
        '<a href="/prod/accounts/login/?next=/prod/panda/jobs/">',
    ),
    (
        "query value in a data attribute",
        HTML,
        '<div data-body-url="/swf-monitor/ai/assessments/1/body/?next=/swf-monitor/ai/assessments/">',
        '<div data-body-url="/prod/ai/assessments/1/body/?next=/prod/ai/assessments/">',
    ),
    (
        "event handler without a URL",
        HTML,
        "<a onclick=\"setNavMode('production');\">",
        "<a onclick=\"setNavMode('production');\">",
    ),
    (
        "navigation by script",
        JAVASCRIPT,
        "window.location.href = '/swf-monitor/pcs/tasks/' + name;",
        "window.location.href = '/prod/pcs/tasks/' + name;",
    ),
    (
        "replaced location",
        JAVASCRIPT,
        "location.replace(m === 'testbed' ? '/swf-monitor/testbed/' : '/swf-monitor/prod/')",
        "location.replace(m === 'testbed' ? '/prod/testbed/' : '/prod/prod/')",
    ),
    ("fetch of self", JAVASCRIPT, "fetch('?days=7&chip=1')", "fetch('?days=7&chip=1')"),
    (
        "beacon",
        JAVASCRIPT,
        "const SAVE_URL = '/swf-monitor/alarms/x/save/'; navigator.sendBeacon(SAVE_URL, blob)",
        "const SAVE_URL = '/prod/alarms/x/save/'; navigator.sendBeacon(SAVE_URL, blob)",
    ),
    (
        "JSON in a script element",
        HTML,
        r'<script id="rc-configs" type="application/json">{"u": "/swf-monitor/pcs/", "h": "\u003Cb\u003E"}</script>',
        r'<script id="rc-configs" type="application/json">{"u": "/prod/pcs/", "h": "\u003Cb\u003E"}</script>',
    ),
    (
        "JSON.parse of an escaped string",
        JAVASCRIPT,
        r"JSON.parse('{\u0022url\u0022: \u0022/swf\u002Dmonitor/alarms/\u0022}')",
        r"JSON.parse('{\u0022url\u0022: \u0022/prod/alarms/\u0022}')",
    ),
    (
        "JSON assigned to a constant",
        HTML,
        '<script>const CAMPAIGN = {"tasks": [{"url": "/swf-monitor/pcs/tasks/a/"}]};</script>',
        '<script>const CAMPAIGN = {"tasks": [{"url": "/prod/pcs/tasks/a/"}]};</script>',
    ),
    (
        "hidden next",
        HTML,
        '<input type="hidden" name="next" value="/swf-monitor/ai/assessments/">',
        '<input type="hidden" name="next" value="/prod/ai/assessments/">',
    ),
    (
        "url in CSS",
        CSS,
        "a { background: url(/swf-monitor/static/a.png) }",
        "a { background: url(/prod/static/a.png) }",
    ),
    ("import in CSS", CSS, '@import "/swf-monitor/static/b.css";', '@import "/prod/static/b.css";'),
    (
        "srcset",
        HTML,
        '<img srcset="/swf-monitor/a.png 1x, /swf-monitor/b.png 2x">',
        '<img srcset="/prod/a.png 1x, /prod/b.png 2x">',
    ),
    ("base", HTML, '<base href="/swf-monitor/">', '<base href="/prod/">'),
    (
        "meta refresh",
        HTML,
        '<meta http-equiv="refresh" content="5; url=/swf-monitor/panda/">',
        '<meta http-equiv="refresh" content="5; url=/prod/panda/">',
    ),
]
TABLE_3_5 = [
    (
        "link into the laboratory",
        HTML,
        '<a href="https://pandaserver02.sdcc.bnl.gov/swf-monitor/panda/jobs/?days=7">Go to page at pandaserver02</a>',
        None,
    ),
    ("the laboratory in JSON", JSON, '{"inside": "https://pandaserver02.sdcc.bnl.gov/swf-monitor/testbed/"}', None),
    (
        "the laboratory in a text",
        JSON,
        '{"description": "GET https://pandaserver02.sdcc.bnl.gov/swf-monitor/api/"}',
        None,
    ),
    ("the external face", HTML, '<a href="https://epic-devcloud.org/prod/panda/">', None),
    ("a path already ours", HTML, '<a href="/prod/accounts/password_change/">Change</a>', None),
    (
        "a path without its mount",
        JSON,
        '{"id": 3, "name": "@x", "edit_url": "/alarms/teams/@x/edit/"}',
        '{"id": 3, "name": "@x", "edit_url": "/prod/alarms/teams/@x/edit/"}',
    ),
    (
        "a path without its mount, unescaped",
        JSON,
        '{"edit_url": "/alarms/teams/@bad name!/edit/"}',
        '{"edit_url": "/prod/alarms/teams/@bad name!/edit/"}',
    ),
    ("the monitor's own loopback", JSON, '{"u": "http://localhost:8000/swf-monitor/panda/"}', '{"u": "/prod/panda/"}'),
    (
        "the tunnel's end",
        HTML,
        '<a href="https://127.0.0.1:18443/swf-monitor/x/"><a href="//localhost:18443/swf-monitor">',
        '<a href="/prod/x/"><a href="/prod">',
    ),
    ("the mount alone", HTML, '<a href="/swf-monitor">', '<a href="/prod">'),
    ("the mount with a query", HTML, '<a href="/swf-monitor?tab=ops#x">', '<a href="/prod?tab=ops#x">'),
    ("a longer name", HTML, '<a href="/swf-monitors/"><a href="/swf-monitor-old/"><a href="/swf-monitor.git">', None),
    ("a log elsewhere", HTML, '<a href="https://pandaserver-doma.cern.ch/trf/?u=/swf-monitor/x">', None),
]


@pytest.mark.parametrize(
    ("content_type", "source", "expected"), [row[1:] for row in TABLE_3_2], ids=[row[0] for row in TABLE_3_2]
)
def test_urls_in_every_place_are_mapped(content_type: str, source: str, expected: str) -> None:
    assert rewritten(source, content_type) == expected


@pytest.mark.parametrize(
    ("content_type", "source", "expected"), [row[1:] for row in TABLE_3_5], ids=[row[0] for row in TABLE_3_5]
)
def test_absolute_and_odd_urls_keep_their_meaning(content_type: str, source: str, expected: str | None) -> None:
    assert rewritten(source, content_type) == (source if expected is None else expected)


@pytest.mark.parametrize(
    ("content_type", "source", "expected"), [row[1:] for row in TABLE_3_2 + TABLE_3_5 if row[3]], ids=str
)
def test_a_rewritten_body_stays_as_it_is(content_type: str, source: str, expected: str) -> None:
    assert rewritten(expected, content_type) == expected
