"""The stand-in's JSON: recorded shapes from ``answers/``, written as the monitor's views write them (contract 11)."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.remote.laboratory.wire import Said

_FOLDER = Path(__file__).with_name("answers")


@lru_cache
def recorded(name: str) -> Any:
    """One recorded answer."""
    return json.loads((_FOLDER / f"{name}.json").read_text())


def plain(value: object, status: int = 200) -> Said:
    """As a plain Django view says it: ASCII, with spaces."""
    return Said(json.dumps(value), status, "application/json", headers=(("Vary", "Cookie"),))


def rest(value: object, status: int = 200, allow: str = "GET, OPTIONS") -> Said:
    """As the REST framework says it: UTF-8, without spaces."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Said(body, status, "application/json", headers=(("Vary", "Accept,Cookie"), ("Allow", allow)))


def table(name: str, parameters: dict[str, str]) -> Said:
    """A DataTables answer that echoes its draw number."""
    draw = parameters.get("draw", "1")
    if not draw.isdigit():
        return server_error()
    return plain({**recorded(f"datatable-{name}"), "draw": int(draw)})


def not_found() -> Said:
    """Django's page for unknown routes."""
    return Said("\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>Not Found</title>\n</head>\n<body>\n"
                "  <h1>Not Found</h1><p>Nothing lives at this address.</p>\n</body>\n</html>\n", 404)  # fmt: skip


def server_error() -> Said:
    """Django's page for failures; the connection ends with it."""
    return Said(
        '\n<!doctype html>\n<html lang="en">\n<head>\n  <title>Server Error (500)</title>\n</head>\n'
        "<body>\n  <h1>Server Error (500)</h1><p></p>\n</body>\n</html>\n",
        500,
        headers=(("Connection", "close"),),
    )


def apache_not_found() -> Said:
    """Apache's own page, in its own charset."""
    return Said(
        '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>404 Not Found</title>\n'
        "</head><body>\n<h1>Not Found</h1>\n<p>No file of this name is kept here.</p>\n</body></html>\n",
        404,
        "text/html; charset=iso-8859-1",
        by_django=False,
    )


def to_login(path: str) -> Said:
    """A page for people who are logged in, with the word that is lost on the way (contract 10, quirk 29)."""
    return Said(
        "",
        302,
        headers=(
            ("Location", f"/swf-monitor/accounts/login/?next=/swf-monitor/{path}"),
            ("Set-Cookie", "messages=W1siX19qc29uX21lc3NhZ2UiLDBd; HttpOnly; Path=/; SameSite=Lax"),
        ),
    )


def redirect(path: str, status: int = 302) -> Said:
    """A root-relative redirect, as all of the monitor's are."""
    return Said("", status, headers=(("Location", f"/swf-monitor/{path}"), ("Vary", "Cookie")))
