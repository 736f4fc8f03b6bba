"""The stand-in's PanDA pages (contract 4): lists filled by script, details, payload log, queues, system status."""

from __future__ import annotations

import json
from html import escape
from urllib.parse import quote

from tests.remote.laboratory import answers
from tests.remote.laboratory.base_page import page
from tests.remote.laboratory.wire import MOUNT, Asked, Said

TRF = "https://pandaserver-doma.cern.ch/trf/"
PAYLOAD_LOG = (
    b"===== payload.stdout =====\nopening /swf-monitor/panda/jobs/1/ as a mere word \xff\xfe of a log\n"
    b'<a href="/swf-monitor/panda/jobs/1/">not a link</a>\n===== end =====\n'
)
_COLUMNS = {
    "jobs": "PanDA ID,Task ID,User,Status,Site,Transformation,Created,Ended,Exec time,Cores",
    "tasks": ",Task ID,Task Name,Status,Processing type,User,Created,Modified,Progress,Active,Finished,Failed,Running,"
    "Retries,Avg Retries,Fail Rate,Final Failed Files,Final Fail Rate",
    "errors": "Component,Code,Diagnostic,Count,Tasks,Avg time to error,Users,Sites",
    "diagnostics": "PanDA ID,Task ID,User,Status,Site,Errors,Ended",
}
_DAYS = " ".join(f'<a href="?days={days}">{days}d</a>' for days in (1, 3, 7, 14, 30, 90, 180, 365))
_RANGE_PICKER = (
    '<link rel="stylesheet" href="https://cdn.jsdelivr.net/npm/flatpickr/dist/flatpickr.min.css">'
    '<script src="https://cdn.jsdelivr.net/npm/flatpickr"></script>'
)

_DYNAMIC = """<script>
  const currentFilters = {days: '7', ended_after: '2026\\u002D11\\u002D20T00:00:00\\u002B00:00', status: ''};
  $(document).ready(function() {
    const table = $('#main-table').DataTable({
      serverSide: true, processing: true, pageLength: 100,
      lengthMenu: [[100, 300, 1000, -1], [100, 300, 1000, 'All']],
      order: [[@ORDER@, 'desc']],
      columns: $('#main-table thead th').map(function(index) {
        return {data: null, render: function(cells, kind, row) { return row[index]; }};
      }).get(),
      createdRow: function(row) {
        $('[data-fill]', row).each(function() { $(this).closest('td').addClass(this.dataset.fill); });
      },
      ajax: {
        url: '@MOUNT@/panda/@LIST@/datatable/',
        data: function(sent) { return Object.assign(sent, currentFilters); },
      },
    });
    $.ajax({url: '@MOUNT@/panda/@LIST@/filter-counts/', data: currentFilters}).done(function(found) {
      for (const [name, entries] of Object.entries(found.filter_counts)) {
        const row = $('#' + name + '-filter');
        for (const entry of entries) {
          row.append($('<a class="filter-link" href="#"></a>').attr('data-filter', name)
            .attr('data-value', entry[2] || entry[0]).text(entry[0] + ' (' + entry[1] + ')'));
        }
      }
      $('#query-count').text('Query count: filled');
    });
    history.replaceState(null, '', window.location.pathname + window.location.search);
  });
</script>"""

_FIXED = """<script>
  $(document).ready(function() {
    $('#main-table').DataTable({
      serverSide: true, processing: true, pageLength: 100, searching: false, ordering: false,
      columns: $('#main-table thead th').map(function(index) { return {data: index}; }).get(),
      ajax: {url: '@MOUNT@/panda/@LIST@/datatable/', data: function(sent) { sent.days = '7'; return sent; }},
    });
  });
</script>"""


def _list_page(asked: Asked, name: str, title: str, *, dynamic: bool, before: str = "") -> Said:
    heads = "".join(f"<th>{head}</th>" for head in _COLUMNS[name].split(","))
    filters = "".join(f'<div id="{field}-filter"></div>' for field in ("status", "username", "site", "processingtype"))
    content = (
        f'<h1>{title}</h1><div class="days">{_DAYS}</div>{before}{filters}<div id="active-filters"></div>'
        f'<div id="query-count"></div><span id="dt-product-chip" hidden>Update</span>'
        f'<table id="main-table" class="table"><thead><tr>{heads}</tr></thead><tbody></tbody></table>'
        f'<a href="{MOUNT}/panda/{name}/?days=14&amp;status=failed">failed of two weeks</a>'
    )
    tail = (_DYNAMIC if dynamic else _FIXED).replace("@LIST@", name).replace("@ORDER@", "1" if name == "tasks" else "0")
    return page(asked, f"{title} - SWF Monitor", content, head="" if dynamic else _RANGE_PICKER, tail=tail)


def hub(asked: Asked) -> Said:
    cards = ("activity", "jobs", "tasks", "errors", "diagnostics", "epic-queues")
    inner = "".join(f'<a class="card" href="{MOUNT}/panda/{name}/">{name}</a>' for name in cards)
    inside = f'<a href="{MOUNT}/panda-database/">Tables</a><a href="{MOUNT}/rucio-endpoints/">Endpoints</a>'
    return page(asked, "PanDA & Rucio Hub - SWF Monitor", f"<h1>PanDA &amp; Rucio Hub</h1>{inner}{inside}")


def activity(asked: Asked) -> Said:
    if asked.parameters.get("chip") == "1":
        return answers.plain({"built_at": "2026-11-24T02:12:09+00:00", "refreshing": False})
    rows = "".join(
        f'<tr><td class="{status}_fill"><a href="{MOUNT}/panda/jobs/?days=7&amp;status={status}">{status}</a></td>'
        f"<td>{count}</td></tr>"
        for status, count in answers.recorded("api-panda-activity")["jobs"]["by_status"].items()
    )
    content = (
        f'<h1>PanDA Activity</h1>{_DAYS}<a class="btn" href="?days=7&amp;refresh=1">Update</a>'
        f'<table class="swf-sortable"><tr><th>Status</th><th>Count</th></tr>{rows}</table>'
        f'<a href="{MOUNT}/compute-usage/">Compute by site</a><a href="{MOUNT}/snapper/epicprod/">Open in Snapper</a>'
    )
    tail = (
        "<script>async function chip() { const now = await (await fetch('?days=7&chip=1')).json();"
        " document.body.dataset.builtAt = now.built_at; } chip();</script>"
    )
    return page(asked, "PanDA Activity - SWF Monitor", content, tail=tail)


def jobs(asked: Asked) -> Said:
    outcomes: dict[str, object] = {"bucket": "day", "site": "A<B>&C", "bins": ["2026-11-23T00:00:00"], "series": [], "link": f"{MOUNT}/panda/jobs/?days=1"}  # fmt: skip  # noqa: E501
    block = json.dumps(outcomes).translate({ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"})
    return _list_page(
        asked,
        "jobs",
        "PanDA Jobs",
        dynamic=True,
        before=f'<script id="job-outcomes-data" type="application/json">{block}</script>',
    )


def tasks(asked: Asked) -> Said:
    form = '<form id="panda-bulk-operation-form" method="post" action="#"><button type="submit" disabled>Pause</button></form>'  # noqa: E501
    return _list_page(asked, "tasks", "PanDA Tasks", dynamic=True, before=form)


def errors(asked: Asked) -> Said:
    return _list_page(asked, "errors", "PanDA Error Summary", dynamic=False)


def diagnostics(asked: Asked) -> Said:
    return _list_page(asked, "diagnostics", "PanDA Job Diagnostics", dynamic=False)


def job(asked: Asked, number: str) -> Said:
    transformation = f"{TRF}user/runGen-00-00-02"
    content = f"""<h1>Job {number}</h1>
<form id="job-study-form" method="post" action="{MOUNT}/epicprod/jobs/{number}/refresh/" data-pandaid="{number}">
  <button type="submit">Study Job</button></form>
<a href="{MOUNT}/panda/jobs/">Back to Jobs</a>
<dl><dt>Transformation</dt>
<dd><a href="{MOUNT}/panda/view-text/?url={quote(transformation, safe="")}">{transformation}</a></dd>
<dt>Site</dt><dd><a href="{MOUNT}/panda/epic-queues/BNL_PanDA_1/">BNL_PanDA_1</a></dd></dl>
<h2>Payload Log</h2><a href="{MOUNT}/panda/jobs/{number}/payload-log/">payload log</a>
<h2>Log URLs</h2><a href="https://harvester.example.net/logs/{number}.out">pilot_stdout</a>
<a href="https://portal.nersc.gov/cfs/m3763/panda/jobs/NERSC/{number}/pilotlog.txt">nersc_log_dir</a>
<pre class="errors">cannot open {escape("/swf-monitor/static/<x>")} at "/swf-monitor/panda/"</pre>
<textarea readonly>see /swf-monitor/panda/jobs/{number}/ for more</textarea>
<a href="https://pandamon01.sdcc.bnl.gov/job?pandaid={number}">View in PanDA Monitor</a>"""
    tail = f"""<script>
  const form = document.getElementById('job-study-form');
  form.addEventListener('submit', function(event) {{
    event.preventDefault();
    const stream = new EventSource("{MOUNT}/api/messages/stream/?msg_types=epicprod_inventory_ready");
    stream.addEventListener('epicprod_inventory_ready', function() {{ stream.close(); window.location.reload(); }});
    fetch(form.action, {{method: 'POST', headers: {{'X-Requested-With': 'XMLHttpRequest'}}}});
  }});
</script>"""
    return page(asked, f"Job {number} - SWF Monitor", content, tail=tail)


def payload_log(asked: Asked, number: str) -> Said:
    """202 and a page that asks again by itself, until somebody forces it (contract 4.7)."""
    if asked.parameters.get("force") == "1":
        return Said(PAYLOAD_LOG, 200, "text/plain; charset=utf-8")
    if number.endswith("0"):
        return Said(f"Job {number} has no log dataset.", 404, "text/plain; charset=utf-8")
    if number.endswith("9"):
        return Said(f"The log of job {number} could not be asked for.", 502, "text/plain; charset=utf-8")
    waiting = f"""<!DOCTYPE html><html><head><title>Payload log {number}</title></head><body>
<p id="state">The log of job {number} is being fetched.</p>
<script>
  const PANDAID = {number};
  const STREAM = '{MOUNT}/api/messages/stream/?msg_types=payload_log_ready';
  const SELF = window.location.href;
  let asked = 0;
  async function again() {{
    const answer = await fetch(SELF);
    if (answer.status !== 202) {{ window.location.replace(SELF); }}
    else if (++asked < 3) {{ setTimeout(again, 5000); }}
  }}
  setTimeout(again, 5000);
</script></body></html>"""
    return Said(waiting, 202)


def task(asked: Asked, number: str) -> Said:
    rows = "".join(
        f'<tr><td><a href="{MOUNT}/panda/jobs/{job}/">{job}</a></td><td class="failed_fill">failed</td></tr>'
        for job in (167446, 167430)
    )
    content = (
        f'<h1>PanDA Task {number}</h1><a href="{MOUNT}/panda/tasks/">Back to Tasks</a>'
        f'<a href="{MOUNT}/pcs/tasks/group.EIC.26.06.0.epic.p1001.e3.s1.r1/">PCS task</a>'
        f"<table>{rows}</table>"
        f'<a href="{MOUNT}/panda/jobs/?taskid={number}">All Jobs for Task</a>'
        f'<a href="https://pandamon01.sdcc.bnl.gov/task/{number}/">View in PanDA Monitor</a>'
        '<button type="button" disabled title="Available on the internal monitor.">Pause</button>'
    )
    return page(asked, f"PanDA Task {number} - SWF Monitor", content)


def view_text(asked: Asked) -> Said:
    address = asked.parameters.get("url", "")
    if not address.startswith(TRF):
        return Said("Missing or invalid url parameter", 400, "text/plain; charset=utf-8")
    text = f"#!/bin/sh\n# fetched from {address}\ncurl /swf-monitor/static/payload.tar\n"
    return Said(f"<!DOCTYPE html><title>Text</title><pre>{escape(text)}</pre>", headers=(("X-PanDA-TRF-Cache", "hit"),))


def queues(asked: Asked) -> Said:
    rows = "".join(
        f'<tr><td><a href="{MOUNT}/panda/epic-queues/{name}/">{name}</a></td>'
        f'<td><a href="{MOUNT}/panda/jobs/?site={name}">View</a></td></tr>'
        for name in ("BNL_PanDA_1", "NERSC_Perlmutter_epic")
    )
    return page(asked, "ePIC Compute Queues", f'<h1>ePIC Compute Queues</h1><table class="swf-sortable">{rows}</table>')


def queue(asked: Asked, name: str) -> Said:
    content = (
        f'<h1>{escape(name)}</h1><a href="{MOUNT}/panda/jobs/?site={quote(name)}">View Jobs on this Queue</a>'
        '<button type="button" onclick="const block = document.getElementById(\'json-block\');\n'
        '  block.hidden = !block.hidden;">Full JSON</button>'
        '<pre id="json-block" hidden>{"jdladd": "/swf-monitor/static/wrapper.sh"}</pre>'
    )
    return page(asked, f"ePIC Queue: {name}", content)


def system(asked: Asked) -> Said:
    content = (
        "<h1>System Status</h1>"
        f'<form method="post" action="{MOUNT}/panda/system/refresh/"><button name="name">Refresh</button></form>'
        f'<pre>{{"external_face_base_url": "https://epic-devcloud.org"}}</pre>'
    )
    return page(asked, "System Status - SWF Monitor", content)


def rest_call(asked: Asked, name: str) -> Said:
    """A REST call: JSON, or for browsers the framework's own HTML form; never HEAD (contract 11)."""
    if asked.method == "HEAD":
        return answers.rest({"detail": 'Method "HEAD" not allowed.'}, 405)
    if asked.method == "OPTIONS":
        return answers.rest({"name": name, "renders": ["application/json", "text/html"]})
    if not asked.wants_html:
        return answers.rest(answers.recorded(f"api-panda-{name}"))
    body = escape(json.dumps(answers.recorded(f"api-panda-{name}"), indent=4)[:2000])
    return Said(
        f'<!DOCTYPE html><html><head><title>{name}</title><link rel="stylesheet" '
        f'href="{MOUNT}/static/rest_framework/css/bootstrap.min.css"></head><body>'
        f'<a href="{MOUNT}/api/panda/{name}/?format=json">json</a><pre>GET {MOUNT}/api/panda/{name}/\n\n{body}</pre>'
        "</body></html>",
        headers=(("Vary", "Accept,Cookie"), ("Allow", "GET, OPTIONS")),
    )
