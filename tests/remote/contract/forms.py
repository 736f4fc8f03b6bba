r"""Every form of a monitor URL that the contract's tables 3.2 and 3.5 name, as data.

`written` is what the monitor says, byte for byte; `shown` what a reader must get instead. Where both are the same, the
form has to stay. `pattern` recognises the form on any page, whatever it names.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """One form."""

    name: str
    what: str
    page: str
    """A page of the stand-in that holds it, below the mount."""
    pattern: str
    """A regular expression for the body that says it is there."""
    written: str
    shown: str


def mapped(name: str, what: str, page: str, pattern: str, written: str) -> Form:
    """A form whose mount becomes ours, in whatever spelling it is written."""
    shown = written
    for theirs, ours in (("/swf-monitor", "/prod"), (r"/swf\u002Dmonitor", "/prod"), (r"\/swf-monitor", r"\/prod")):
        shown = shown.replace(theirs, ours)
    return Form(name, what, page, pattern, written, shown)


def kept(name: str, what: str, page: str, pattern: str, written: str) -> Form:
    """A form that has to stay as it is."""
    return Form(name, what, page, pattern, written, written)


M = "/swf-monitor"
WHERE_URLS_HIDE = (
    mapped("href", "root-relative link", "panda/", rf'href="{M}/', f'<a class="card" href="{M}/panda/jobs/">'),
    mapped("action", "form target", "panda/jobs/1/", rf'action="{M}/', f'action="{M}/epicprod/jobs/1/refresh/"'),
    kept("query link", "query only", "panda/activity/", r'href="\?', '<a href="?days=7">'),
    kept("fragment link", "fragment only", "alarms/", r'href="#', '<a href="#section-rate">'),
    mapped("string constant", "JS string", "pcs/tasks/compose/", rf"= '{M}/", f"const API = '{M}/pcs/api/';"),
    mapped(
        "template literal", "JS backticks", "pcs/tasks/compose/", rf"`{M}/[^`]*\$\{{", f"`{M}/pcs/tags/${{t}}/datat"
    ),
    mapped(
        "concatenation", "JS string and name", "pcs/tasks/compose/", rf"'{M}/[^']*' \+", f"'{M}/pcs/api/prod-tasks/' +"
    ),
    mapped(
        "HTML in a string",
        "markup built by JS",
        "pcs/tasks/compose/",
        rf"'<a [^']*{M}/",
        f"""href="{M}/pcs/tasks/' +""",
    ),
    mapped(
        "double quotes",
        "SCRIPT_NAME prefix",
        "panda/jobs/1/",
        rf'"{M}/api/',
        f'EventSource("{M}/api/messages/stream/?msg',
    ),
    mapped("DataTables", "ajax.url", "panda/jobs/", rf"url: '{M}/", f"url: '{M}/panda/jobs/datatable/',"),
    mapped(
        "filter counts", "$.ajax url", "panda/jobs/", rf"\{{url: '{M}/", f"{{url: '{M}/panda/jobs/filter-counts/', data"
    ),
    mapped(
        "cell", "HTML in JSON", "panda/jobs/datatable/", rf'<a href=\\"{M}/', f'<a href=\\"{M}/panda/jobs/167402/\\">'
    ),
    mapped(
        "panel", "HTML in a JSON value", "pcs/dashboard/panel/panda/", rf'href=\\"{M}/', f'href=\\"{M}/panda/jobs/?days'
    ),
    mapped(
        "JSON path",
        "catalog_url",
        "pcs/api/v1/samples/x/completion/",
        rf'"catalog_url":"{M}/',
        f'"catalog_url":"{M}/pcs',
    ),
    mapped(
        "JSON endpoints",
        "endpoints.*",
        "pcs/api/v1/",
        rf'_\w+":"{M}/',
        f'"campaign_catalog":"{M}/pcs/api/v1/campaigns/{{',
    ),
    mapped(
        "data-system-status-url",
        "data attribute",
        "panda/",
        rf'data-[\w-]+-url="{M}/',
        f'status-url="{M}/panda/system/st',
    ),
    mapped(
        "data-refresh-url",
        "card",
        "prod/?tab=ops",
        rf'data-refresh-url="{M}/',
        f'data-refresh-url="{M}/pcs/dashboard/panel',
    ),
    mapped(
        "data-prefs-url",
        "grid",
        "prod/?tab=ops",
        rf'data-prefs-url="{M}/',
        f'data-prefs-url="{M}/pcs/dashboard/prefs/"',
    ),
    mapped(
        "data-body-url",
        "AI list",
        "ai/assessments/",
        rf'data-body-url="{M}/',
        f'body-url="{M}/ai/assessments/legacy/11/body/',
    ),
    mapped(
        "next",
        "query value",
        "ai/assessments/",
        rf"\?next={M}/",
        f'href="{M}/ai/assessments/legacy/11/?next={M}/ai/asse',
    ),
    kept("handler", "inline handler", "panda/", r'onclick="setNavMode', "onclick=\"setNavMode('production');\""),
    kept(
        "confirm",
        "inline handler",
        "pcs/tasks/x/",
        r"onclick=\"return confirm",
        "onclick=\"return confirm('Delete it?')\"",
    ),
    kept(
        "long handler",
        "of several lines",
        "panda/epic-queues/x/",
        r'onclick="[^"]*\n',
        ".getElementById('json-block');\n  block.",
    ),
    mapped(
        "navigating",
        "location.href",
        "pcs/tasks/compose/",
        rf"location\.href = '{M}/",
        f"location.href = '{M}/pcs/tasks/'",
    ),
    mapped(
        "replace",
        "location.replace",
        "panda/start/",
        rf"location\.replace\([^)]*'{M}/",
        f"'{M}/testbed/' : '{M}/prod/'",
    ),
    kept(
        "replaceState",
        "own address",
        "panda/jobs/",
        r"history\.replaceState\(",
        "'', window.location.pathname + window",
    ),
    kept("fetch of self", "relative fetch", "panda/activity/", r"fetch\('\?", "fetch('?days=7&chip=1')"),
    kept("fetch of location", "own address", "alarms/", r"fetch\(window\.location", "fetch(window.location.href)"),
    kept(
        "fetch of action",
        "the form's target",
        "panda/jobs/1/",
        r"fetch\(form\.action",
        "fetch(form.action, {method: 'POST'",
    ),
    mapped(
        "sendBeacon",
        "SAVE_URL",
        "pcs/notes/plan/edit/",
        rf"SAVE_URL = '{M}/",
        f"const SAVE_URL = '{M}/pcs/notes/plan/save/'",
    ),
    mapped(
        "EventSource",
        "stream",
        "pcs/tasks/compose/",
        rf'EventSource\("{M}/',
        f'EventSource("{M}/api/messages/stream/?msg_ty',
    ),
    mapped(
        "stream constant",
        "202 page",
        "panda/jobs/1/payload-log/",
        rf"STREAM = '{M}/",
        f"STREAM = '{M}/api/messages/stream",
    ),
    mapped(
        "json_script", "escaped HTML beside", "pcs/request/", rf'json">[^<]*"{M}/', f'"url": "{M}/pcs/config/pc12/"'
    ),
    kept(
        "json_script text",
        "no URL",
        "pcs/request/",
        r"\\u003Cb\\u003E",
        '"html": "\\u003Cb\\u003Ex\\u003C/b\\u003E \\u0026 y"',
    ),
    kept(
        "JSON.parse",
        "escapejs",
        "pcs/notes/plan/edit/",
        r"JSON\.parse\('[^']*\\u0022",
        "\\u0022night \\u002D shift\\u0022",
    ),
    mapped(
        "escaped path",
        "escapejs",
        "pcs/notes/plan/edit/",
        r"/swf\\u002Dmonitor/",
        r"\u0022/swf\u002Dmonitor/pcs/notes/pl",
    ),
    mapped(
        "escaped slashes",
        "JSON of PHP style",
        "pcs/notes/plan/edit/",
        r"\\/swf-monitor\\/",
        r'"\/swf-monitor\/pcs\/notes\/pl',
    ),
    kept("echoed filters", "escapejs", "panda/jobs/", r"'2026\\u002D", r"'2026\u002D11\u002D20T00:00:00\u002B00:00'"),
    mapped(
        "inline JSON",
        "campaign",
        "pcs/tasks/compose/",
        rf'"detail_url": "{M}/',
        f'"detail_url": "{M}/pcs/tasks/group.EIC',
    ),
    mapped(
        "inline JSON cell",
        "HTML in it",
        "pcs/tasks/compose/",
        rf'<a href=\\"{M}/',
        f'"<a href=\\"{M}/pcs/tasks/group.EIC',
    ),
    kept(
        "inline JSON words",
        "typed text",
        "pcs/tasks/compose/",
        rf"see {M}/pcs/ for",
        f"typed by a person: see {M}/pcs/ for the",
    ),
    mapped(
        "hidden next",
        "quality form",
        "ai/assessments/legacy/11/",
        r'name="next" value="',
        f'"next" value="{M}/ai/assessments',
    ),
    mapped("CSS url", "inline style", "panda/", rf"url\({M}/", f"background-image: url({M}/static/img/strip.png)"),
    mapped(
        "CSS import",
        "style sheet",
        "static/css/style.css",
        rf"@import url\('{M}/",
        f"@import url('{M}/static/css/more.css')",
    ),
    mapped(
        "script file", "static script", "static/js/plan.js", rf"'{M}/pcs/api/'", f"export const api = '{M}/pcs/api/';"
    ),
    kept("words in a script file", "comment", "static/js/plan.js", rf"// {M}/", f"// {M}/ in words"),
    kept("preformatted text", "log line", "panda/jobs/1/", rf"<pre[^>]*>[^<]*{M}/", f'at "{M}/panda/"</pre>'),
    kept(
        "typed text",
        "textarea",
        "panda/jobs/1/",
        rf"<textarea[^>]*>[^<]*{M}/",
        f"see {M}/panda/jobs/1/ for more</textarea>",
    ),
    kept(
        "comment", "HTML comment", "panda/", rf"<!--[^>]*{M}/", f"<!-- the mount {M}/ is named here in words only -->"
    ),
    kept(
        "payload",
        "plain text",
        "panda/jobs/1/payload-log/?force=1",
        rf"opening {M}/",
        f'<a href="{M}/panda/jobs/1/">not a',
    ),
)
ABSOLUTE_FORMS = (
    kept(
        "inside",
        "Go to page at",
        "panda/",
        r"https://pandaserver02[^/]*/swf",
        f'pandaserver02.sdcc.bnl.gov{M}/panda/">Go',
    ),
    kept(
        "testbed flip",
        "inside",
        "panda/",
        rf"gov{M}/testbed/",
        f'href="https://pandaserver02.sdcc.bnl.gov{M}/testbed/"',
    ),
    kept(
        "assessment note",
        "inside",
        "ai/assessments/legacy/11/",
        rf"gov{M}/ai/",
        f'gov{M}/ai/assessments/11/">the internal',
    ),
    # Contract 11: the indexes name the monitor's own address, which means nothing outside.
    Form(
        "REST index",
        "inside",
        "pcs/api/",
        rf'"https://panda[^"]*{M}/pcs',
        f'"https://pandaserver02.sdcc.bnl.gov{M}/pcs/api/data',
        '"/prod/pcs/api/data',
    ),
    kept("REST documentation", "text", "api/panda/jobs/", rf"<pre>GET {M}/", f"<pre>GET {M}/api/panda/jobs/"),
    kept(
        "old outside",
        "mails, about",
        "about/",
        r"https://epic-devcloud\.org/prod",
        'href="https://epic-devcloud.org/prod/"',
    ),
    kept(
        "already ours",
        "account page",
        "pcs/people/",
        r'href="/prod/accounts/',
        'href="/prod/accounts/password_change/"',
    ),
    kept(
        "PanDA server",
        "external link",
        "panda/jobs/1/",
        r"https://pandamon01",
        'href="https://pandamon01.sdcc.bnl.gov/job?pan',
    ),
    kept(
        "log hosts",
        "external link",
        "panda/jobs/1/",
        r"https://portal\.nersc",
        '"https://portal.nersc.gov/cfs/m3763/panda/jobs',
    ),
    mapped(
        "view-text",
        "link with a URL",
        "panda/jobs/1/",
        rf"{M}/panda/view-text/",
        f'"{M}/panda/view-text/?url=https%3A%2F%2F',
    ),
)
# Said only in answers to writes; see the tests below that post.
MOUNTLESS = Form("mountless", "team create", "", '"edit_url": "/alarms', '"/alarms/teams/@night/edit/"', '"/prod/alarms/teams/@night/edit/"')  # fmt: skip  # noqa: E501
