"""A monitor that puts whatever stands in its text columns unescaped into table cells, in the laboratory's shapes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

from tests.system.running_demo import ROOT

MOUNT = "/swf-monitor/"
COLUMNS = (
    *("PanDA ID", "Task ID", "User", "Status", "Site", "Transformation", "Created", "Ended", "Exec time", "Cores"),
)
SCRIPTS = {
    "static/js/jquery.min.js": "cdn-jquery-3.7.1/dist/jquery.min.js",
    "static/js/jquery.dataTables.min.js": "cdn-datatables.net-1.13.8/js/jquery.dataTables.min.js",
}
# Cells of class "cells", and the same ones where the table says that JSON is data: there, nothing is made harmless.
CELLS, DATA = "panda/jobs/datatable/", "api/panda/jobs/"
_PAGE = """<!DOCTYPE html>
<html lang="en" data-nav-mode="production"><head><meta charset="utf-8"><title>PanDA Jobs</title>
<link rel="icon" href="data:,">
<script src="/swf-monitor/static/js/jquery.min.js"></script>
<script src="/swf-monitor/static/js/jquery.dataTables.min.js"></script>
<script>var ran = function (number) { window.all_that_ran.push(number); }; window.all_that_ran = [];</script>
</head><body><div class="nav-auth"><a href="/swf-monitor/accounts/login/">Login</a></div>
<table id="main-table" class="table"><thead><tr>HEADINGS</tr></thead><tbody></tbody></table>
<div id="filters"></div>
SCRIPT
</body></html>"""
_HEADINGS = "".join(f"<th>{column}</th>" for column in COLUMNS)
# As the laboratory's pages fill their tables: columns by index, a class for cells that ask for a colour.
_DATATABLES = """<script>
var columns = Array.from({length: COUNT}, function (_, index) {
  return {data: null, render: function (data, type, row) { return row[index]; }};
});
$('#main-table').DataTable({
  serverSide: true, processing: true, pageLength: 1000, columns: columns,
  ajax: {url: '/swf-monitor/SOURCE', error: function () { document.title = 'failed'; }},
  createdRow: function (row) {
    $('td', row).each(function () {
      var fill = this.innerHTML.match(/data-fill="([^"]+)"/);
      if (fill) { this.classList.add(fill[1]); }
    });
  },
  drawCallback: function () { if (this.api().rows().count()) { document.title = 'filled'; } }
});
</script>"""
_OWN = """<script>
fetch('/swf-monitor/SOURCE').then(function (answer) { return answer.json(); }).then(function (answer) {
  answer.data.forEach(function (row) {
    var line = document.querySelector('#main-table tbody').insertRow();
    row.forEach(function (cell) { line.insertCell().innerHTML = cell; });
  });
  document.getElementById('filters').innerHTML = answer.html;
  document.title = 'filled';
});
</script>"""
WAYS = {"DataTables": _DATATABLES, "fetch": _OWN}


def rows_of(payloads: Sequence[str]) -> list[list[object]]:
    """One job per payload, with the payload in each text column."""
    return [
        [
            f'<a href="/swf-monitor/panda/jobs/{number}/">{number}</a>',
            '<a href="/swf-monitor/panda/tasks/34699/">34699</a>',
            f'<a href="/swf-monitor/panda/jobs/?days=7&username=x">{payload}</a>',
            f'<span data-fill="failed_fill" title="(meaning)">{payload}</span>',
            payload,
            f"<strong>ddm</strong>:200 {payload}<br><strong>transformation</strong>:137 ",
            "20261123 21:05:18",
            "",
            0,
            "1",
        ]
        for number, payload in enumerate(payloads)
    ]


@contextmanager
def hostile_monitor(payloads: Sequence[str]) -> Iterator[str]:
    """Address of the running monitor."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(_answers(payloads)))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{MOUNT.rstrip('/')}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answers(payloads: Sequence[str]) -> dict[str, tuple[str, bytes]]:
    """What is found at each path below the mount."""
    rows = rows_of(payloads)
    table = {
        "draw": 1,
        "recordsTotal": len(rows),
        "recordsFiltered": len(rows),
        "data": rows,
        "html": "".join(payloads),
    }
    body = json.dumps(table).encode()
    found = dict.fromkeys((CELLS, DATA), ("application/json", body))
    for path, file in SCRIPTS.items():
        found[path] = ("text/javascript", (ROOT / "node_modules" / file).read_bytes())
    for way, script in WAYS.items():
        for source in (CELLS, DATA):
            filled = script.replace("COUNT", str(len(COLUMNS))).replace("SOURCE", source)
            page = _PAGE.replace("HEADINGS", _HEADINGS).replace("SCRIPT", filled)
            found[page_path(way, source)] = ("text/html; charset=utf-8", page.encode())
    return found


def page_path(way: str, source: str) -> str:
    """The page that fills its table from `source` in this way."""
    return f"panda/{way}/{source.split('/', maxsplit=1)[0]}/"


def _handler(answers: dict[str, tuple[str, bytes]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = urlsplit(self.path).path.removeprefix(MOUNT)
            kind, body = answers.get(path, ("text/plain", b""))
            self.send_response(200 if path in answers else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
