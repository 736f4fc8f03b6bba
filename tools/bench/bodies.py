"""Bodies as the monitor writes them, for measuring: pages full of links, table answers, exports. Made, never stored."""

from __future__ import annotations

import json

_MOUNT = "/swf-monitor"
_HEAD = (
    '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>PanDA jobs</title>\n'
    f'<link rel="stylesheet" href="{_MOUNT}/static/css/style.css">\n'
    f"<script>const dataUrl = '{_MOUNT}/panda/jobs/data/';</script>\n</head>\n<body>\n"
    f'<nav><a href="{_MOUNT}/panda/">PanDA</a>\n'
    '<div class="nav-auth"><a href="/swf-monitor/login/">Login</a></div></nav>\n'
)
_FOOT = "</tbody>\n</table>\n</main>\n</body>\n</html>\n"


def link_page(rows: int) -> bytes:
    """A page of one table, four links to a row of about 300 bytes."""
    body = "".join(_row(number) for number in range(rows))
    return f'{_HEAD}<main>\n<table class="table">\n<tbody>\n{body}{_FOOT}'.encode()


def plain_page(size: int) -> bytes:
    """A page of about `size` bytes in which no address has to change."""
    row = '<tr><td class="n">{0}</td><td title="a queue of {0}">BNL_OSG_{0}</td><td>finished</td></tr>\n'
    rows = "".join(row.format(number) for number in range(size // 90))
    return f"<!DOCTYPE html>\n<html><body><table>{rows}</table></body></html>\n".encode()


def table_answer(rows: int) -> bytes:
    """What a table asks for: cells of HTML with links in JSON."""
    data = [_cells(number) for number in range(rows)]
    return json.dumps({"draw": 1, "recordsTotal": rows, "recordsFiltered": rows, "data": data}).encode()


def export(rows: int) -> bytes:
    """A list of records without any markup."""
    record = {
        "site": "BNL_OSG_1",
        "jobstatus": "finished",
        "transformation": "https://pandaserver-doma.cern.ch/trf/run",
    }
    return json.dumps([{"pandaid": number, "taskid": 1000 + number, **record} for number in range(rows)]).encode()


def _link(path: str, text: object) -> str:
    return f'<a href="{_MOUNT}/panda/{path}">{text}</a>'


def _row(number: int) -> str:
    cells = (
        _link(f"jobs/{7_000_000 + number}/", 7_000_000 + number),
        _link(f"tasks/{3_000 + number}/", f"epic.{number}.sim"),
        _link(f"jobs/?site=BNL_OSG_{number % 9}&amp;days=7", f"BNL_OSG_{number % 9}"),
        _link("jobs/?status=finished", "finished"),
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>\n"


def _cells(number: int) -> list[object]:
    return [
        _link(f"jobs/{7_000_000 + number}/", 7_000_000 + number),
        _link(f"tasks/{3_000 + number}/", f"epic.{number}.sim"),
        _link(f"jobs/?site=BNL_OSG_{number % 9}&days=7", f"BNL_OSG_{number % 9}"),
        f'<span style="color: #28a745">{_link("jobs/?status=finished", "finished")}</span>',
        "2026-05-04 11:22:33",
        number % 100,
    ]
