"""The stand-in's hub, alarms and assessments, its event stream and its files."""

from __future__ import annotations

from hashlib import md5
from html import escape
from urllib.parse import parse_qs

from tests.remote.laboratory import answers
from tests.remote.laboratory.base_page import CSRF, INSIDE, OUTSIDE, page
from tests.remote.laboratory.wire import MOUNT, Asked, Said

CHANGED = "Mon, 23 Nov 2026 21:06:22 GMT"
CONNECTED = b'event: connected\ndata: {"client_id": "0b3d", "status": "connected"}\n\n'
MESSAGE = b'event: payload_log_ready\ndata: {"pandaid": 167402, "url": "/swf-monitor/panda/jobs/167402/"}\n\n'
_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154"
    "789c6360000002000001e221bc330000000049454e44ae426082"
)
FILES = {
    "css/style.css": ("text/css", b"@import url('/swf-monitor/static/css/more.css');\n"
                      b".hero { background: url(/swf-monitor/static/img/strip.png) } /* /swf-monitor/ in words */\n"),
    "css/more.css": ("text/css", b".x { color: #123 }\n"),
    "css/state-colors.css": ("text/css", b".failed_fill { background: #FFABA2 }\n"),
    "rest_framework/css/bootstrap.min.css": ("text/css", b"body { margin: 0 }\n"),
    "js/plan.js": ("text/javascript", b"export const api = '/swf-monitor/pcs/api/'; // /swf-monitor/ in words\n"),
    "img/strip.png": ("image/png", _PIXEL),
    "data/notes.bin": ("application/octet-stream", b"raw /swf-monitor/ bytes " * 40),
}  # fmt: skip


def home() -> Said:
    """The root: a script that chooses a hub; no charset is said (contract 1.3)."""
    return Said(
        "<html><body><script>var mode = localStorage.getItem('navMode') || 'production';"
        f"window.location.replace(mode === 'testbed' ? '{MOUNT}/testbed/' : '{MOUNT}/prod/');</script></body></html>",
        kind="text/html",
    )


def hub(asked: Asked) -> Said:
    """The production hub: the Nav tab, or the Ops tab with its cards that fill themselves."""
    if asked.parameters.get("tab") == "ops":
        cards = "".join(
            f'<section id="dash-{name}" data-refresh-url="{MOUNT}/pcs/dashboard/panel/{name}/"'
            ' data-refresh-ms="600000"></section>'
            for name in ("requests", "panda", "live")
        )
        tail = (
            '<script src="https://cdn.jsdelivr.net/npm/sortablejs@1.15.6/Sortable.min.js"></script><script>'
            "document.querySelectorAll('[data-refresh-url]').forEach(async function(card) {"
            " card.innerHTML = (await (await fetch(card.dataset.refreshUrl)).json()).html; });</script>"
        )
        grid = f'<div id="grid" data-prefs-url="{MOUNT}/pcs/dashboard/prefs/">{cards}</div>'
        return page(asked, "epicprod - SWF Monitor", grid, tail=tail)
    rows = "".join(
        f'<div class="workflow-link-row"><a href="{MOUNT}/{path}">{path}</a> <span class="badge bg-info">7</span></div>'
        for path in ("pcs/request/", "pcs/catalog/", "panda/activity/", "panda/jobs/", "pcs/tags/p/", "pcs/physics/")
    )
    content = (
        f'<h1>epicprod - ePIC Production System</h1><a href="?tab=ops">Ops</a><div class="workflow-grid">{rows}</div>'
    )
    tail = '<script src="@MOUNT@/static/js/plan.js" type="module"></script>'
    return page(asked, "epicprod - ePIC Production System - SWF Monitor", content, tail=tail)


def about(asked: Asked) -> Said:
    content = (
        f'<h1>About</h1><a href="{OUTSIDE}/">The outside</a>'
        '<a href="https://github.com/BNLNPPS/swf-monitor">Source</a>'
        "<p>Mails name https://epic-devcloud.org/prod/alarms/ and the mount /swf-monitor/.</p>"
    )
    return page(asked, "About - ePIC SWF Monitor", content)


def account(asked: Asked) -> Said:
    """What a tunnel reader sees of accounts: a link that is the gateway's already (contract 1.4)."""
    link = '<a href="/prod/accounts/password_change/">Change password</a>'
    return page(asked, "account", f"<h1>Account</h1>{link}")


def alarms(asked: Asked) -> Said:
    content = (
        "<h1>Alarms</h1>"
        f'<a href="#section-rate">rate</a><h2 id="section-rate">rate</h2><a href="{MOUNT}/alarms/rate/edit/">Edit</a>'
    )
    head = "<script>setInterval(function() { fetch(window.location.href); }, 10000);</script>"
    return page(asked, "Alarms — ePIC Production Monitor", content, head=head)


def team_created() -> Said:
    """A path without its mount (contract 3.5)."""
    return answers.plain({"id": "7c1e", "name": "@night", "edit_url": "/alarms/teams/@night/edit/"}, 201)


def assessments(asked: Asked) -> Said:
    rows = "".join(
        f'<tr data-body-url="{MOUNT}/ai/assessments/legacy/{number}/body/?next={MOUNT}/ai/assessments/">'
        f'<td><a href="{MOUNT}/ai/assessments/legacy/{number}/?next={MOUNT}/ai/assessments/?page=2">'
        f"{number}</a></td></tr>"
        for number in (11, 12)
    )
    content = f'<h1>AI Assessments</h1><input name="q"><a href="?page=2">2</a><table>{rows}</table>'
    return page(asked, "AI Assessments - epicprod", content)


def assessment(asked: Asked, number: str) -> Said:
    """One assessment, with the form that names where to return to (contract 3.2)."""
    content = (
        f'<h1>Assessment {number}</h1><form method="post" action="{MOUNT}/ai/assessments/{number}/quality/">'
        f'<input type="hidden" name="csrfmiddlewaretoken" value="{CSRF}">'
        f'<input type="hidden" name="next" value="{MOUNT}/ai/assessments/legacy/{number}/?page=2">'
        '<select name="quality"><option value="ok">ok</option></select><button type="submit">Set</button></form>'
        f'<p>Changes are made on <a href="{INSIDE}/ai/assessments/{number}/">the internal monitor</a>.</p>'
        f'<textarea name="comment">/swf-monitor/ as somebody typed it</textarea>'
        f'<div id="decide"></div>'
    )
    tail = (
        f'<script>async function decide() {{ return fetch("{MOUNT}/ai/api/proposals/decide/",'
        ' {method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"}); }</script>'
    )
    return page(asked, f"Assessment {number} - epicprod", content, tail=tail)


def quality_set(asked: Asked) -> Said:
    """302 to the posted ``next``, when that is a path of the monitor's own."""
    target = parse_qs(asked.body.decode()).get("next", [""])[0]
    if not target.startswith(MOUNT + "/"):
        target = f"{MOUNT}/ai/assessments/"
    return answers.redirect(target.removeprefix(MOUNT + "/"))


def store_down() -> Said:
    """A line of text that says it is HTML (contract 10, quirk 23)."""
    return Said("The assessment store does not answer.", 503, "text/html; charset=utf-8")


def legacy_body(number: str) -> Said:
    """A fragment without a frame."""
    return Said(f'<p>Body of {escape(number)}: <a href="{MOUNT}/panda/tasks/34885/">task</a></p>')


def stream(asked: Asked) -> Said:
    """The event stream: for whoever has a token or a name (contract 6)."""
    if not asked.values("authorization") and asked.user is None:
        return Said('{"detail": "Authentication credentials were not provided."}', 401, "application/json")
    fields = (("Cache-Control", "no-cache"), ("X-Accel-Buffering", "no"), ("Access-Control-Allow-Origin", "*"))
    return Said("", kind="text/event-stream", headers=fields, events=(CONNECTED, MESSAGE))


def file(asked: Asked, path: str) -> Said:
    """A static file as Apache serves it: validators, 304, one range."""
    if path not in FILES:
        return answers.apache_not_found()
    kind, body = FILES[path]
    tag = f'"{md5(body, usedforsecurity=False).hexdigest()[:12]}"'
    fields = (("Last-Modified", CHANGED), ("ETag", tag), ("Accept-Ranges", "bytes"))
    if tag in ",".join(asked.values("if-none-match")) or CHANGED in asked.values("if-modified-since"):
        return Said("", 304, kind, fields, by_django=False)
    wanted = asked.values("range")
    if wanted and asked.values("if-range") in ([], [tag]):
        first, _, last = wanted[0].removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last or len(body) - 1), len(body) - 1)
        span = ("Content-Range", f"bytes {start}-{end}/{len(body)}")
        return Said(body[start : end + 1], 206, kind, (*fields, span), by_django=False)
    return Said(body, 200, kind, fields, by_django=False)
