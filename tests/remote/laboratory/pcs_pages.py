"""The stand-in's physics configuration system (contract 5.5, 9): inline JSON, template literals, beacons, forms."""

from __future__ import annotations

import json
from html import escape

from tests.remote.laboratory import answers
from tests.remote.laboratory.base_page import CSRF, INSIDE, page
from tests.remote.laboratory.wire import MOUNT, Asked, Said

TASK = "group.EIC.26.06.0.epic.p1001.e3.s1.r1"
AMBIGUOUS = "group.EIC.26.06.0.epic.p1013.e13.s1.r1"
_CATALOGUE_JSON = {
    "campaign": "26.06.0",
    "tasks": [
        {
            "name": TASK,
            "detail_url": f"{MOUNT}/pcs/tasks/{TASK}/",
            "cell": f'<a href="{MOUNT}/pcs/tasks/{TASK}/" title="a \u00b5 task">{TASK}</a>',
            "note": f"typed by a person: see {MOUNT}/pcs/ for the rest",
            "external": "https://pandamon01.sdcc.bnl.gov/task/34885/",
        }
    ],
}
# Fetches only what is asked for by a click, except the two at its end.
_COMPOSE = """<script>
  const CAMPAIGN = @CAMPAIGN@;
  const API = '@MOUNT@/pcs/api/';
  const kinds = ['p', 'e', 's', 'r', 'k'];
  function tagList(t) { return `@MOUNT@/pcs/tags/${t}/datatable/?draw=1`; }
  function taskAddress(name) { return '@MOUNT@/pcs/api/prod-tasks/' + encodeURIComponent(name) + '/'; }
  function detail(name) { return `@MOUNT@/pcs/tasks/${encodeURIComponent(name)}/compose-detail/`; }
  function row(task) { return '<a class="open" href="@MOUNT@/pcs/tasks/' + task.name + '/">' + task.name + '</a>'; }
  function goTo(name) { window.location.href = '@MOUNT@/pcs/tasks/' + name + '/'; }
  function follow() {
    const stream = new EventSource("@MOUNT@/api/messages/stream/?msg_types=prodtask_submitted,prodtask_submit_failed");
    stream.addEventListener('prodtask_submitted', function() { stream.close(); });
  }
  const token = document.querySelector('[name=csrfmiddlewaretoken]').value;
  async function save(name, status) {
    const answer = await fetch(taskAddress(name), {method: 'PATCH', body: JSON.stringify({status: status}),
      headers: {'Content-Type': 'application/json', 'X-CSRFToken': token}});
    document.body.dataset.saved = answer.status;
  }
  document.getElementById('rows').innerHTML = CAMPAIGN.tasks.map(row).join('');
  document.getElementById('save').addEventListener('click', function() { save(CAMPAIGN.tasks[0].name, 'ready'); });
  fetch(tagList(kinds[0])).then(function(found) { document.body.dataset.tags = found.status; });
  fetch(`${API}physics-tags/`).then(function(found) { document.body.dataset.api = found.status; });
</script>"""
_EDITOR = """<script src="https://cdnjs.cloudflare.com/ajax/libs/codemirror/5.65.18/codemirror.min.js"></script>
<script>
  const SAVE_URL = '@MOUNT@/pcs/notes/plan/save/';
  const versions = JSON.parse('[{\\u0022version_num\\u0022: 2, \\u0022changed_by\\u0022: \\u0022web_ui:alice\\u0022,'
    + ' \\u0022title\\u0022: \\u0022night \\u002D shift\\u0022}]');
  const home = JSON.parse('{\\u0022list\\u0022: \\u0022/swf\\u002Dmonitor/pcs/notes/plan/edit/\\u0022}');
  const slashed = {"next": "\\/swf-monitor\\/pcs\\/notes\\/plan\\/edit\\/"};
  document.body.dataset.home = home.list;
  document.body.dataset.next = slashed.next;
  document.body.dataset.versions = versions.length;
  let touched = false;
  document.getElementById('words').addEventListener('input', function() { touched = true; });
  function payload(autosave) {
    return JSON.stringify({title: 'plan', content: document.getElementById('words').value, autosave: autosave});
  }
  window.addEventListener('pagehide', function() {
    if (touched) { navigator.sendBeacon(SAVE_URL, new Blob([payload(true)], {type: 'application/json'})); }
  });
</script>"""


def _filled(text: str) -> str:
    return text.replace("@MOUNT@", MOUNT)


def hub(asked: Asked) -> Said:
    names = ("tags/p/", "datasets/", "configs/", "tasks/", "catalog/", "find/", "evgen/", "request/", "api/", "api/v1/")
    cards = "".join(f'<a class="card" href="{MOUNT}/pcs/{name}">{name}</a>' for name in names)
    return page(asked, "PCS Hub - SWF Monitor", f"<h1>PCS Hub</h1>{cards}")


def simple(asked: Asked, title: str) -> Said:
    """A page of which only frame and links matter."""
    content = (
        f'<h1>{escape(title)}</h1><a href="{MOUNT}/pcs/tasks/{TASK}/">a task</a>'
        f'<a href="{MOUNT}/pcs/tags/p/1001/">a tag</a>'
        f'<a href="{MOUNT}/pcs/rucio/group.EIC/demo.149/">in Rucio</a><a href="?page=2">next</a>'
        f'<a href="{MOUNT}/pcs/configs/create/">New configuration</a>'
        f'<button disabled title="operator action; sign in on pandaserver02">Update</button>'
    )
    return page(asked, title, content)


def compose(asked: Asked) -> Said:
    """One of the compose pages: a whole campaign as JSON in the page (contract 3.2)."""
    script = _filled(_COMPOSE).replace("@CAMPAIGN@", json.dumps(_CATALOGUE_JSON, ensure_ascii=False))
    content = (
        '<h1>Compose</h1><div id="rows"></div><button type="button" id="save">Save</button>'
        f'<form method="post" action="{MOUNT}/pcs/configs/create/" id="new-config">'
        f'<input type="hidden" name="csrfmiddlewaretoken" value="{CSRF}">'
        f'<input type="hidden" name="next" value="{MOUNT}/pcs/configs/?selected=7">'
        '<label>Name <input name="name" value=""></label><button type="submit">Create</button></form>'
    )
    return page(asked, "Prod Tasks - PCS", content, tail=script)


def editor(asked: Asked) -> Said:
    """An editor that saves by itself when its reader leaves, as those of alarms and teams do (contract 4.11)."""
    style = (
        '<link rel="stylesheet" href="https://cdnjs.cloudflare.com/ajax/libs/codemirror/5.65.18/codemirror.min.css">'
    )
    content = '<h1>Plan</h1><label>Words <textarea id="words">as it was</textarea></label>'
    return page(asked, "Edit plan - PCS", content, head=style, tail=_filled(_EDITOR))


def request(asked: Asked) -> Said:
    """The request composer: its data as ``json_script`` writes them."""
    blocks = ""
    for name, value in (
        ("rc-configs", [{"label": "pc12", "url": f"{MOUNT}/pcs/config/pc12/", "html": "<b>x</b> & y"}]),
        ("rc-myreqs", []),
    ):
        text = json.dumps(value).translate({60: "\\u003C", 62: "\\u003E", 38: "\\u0026"})
        blocks += f'<script id="{name}" type="application/json">{text}</script>'
    content = '<h1>Request Production</h1><form method="post" action=""><button type="submit">Send</button></form>'
    return page(asked, "Request Production - epicprod", content + blocks)


def task(asked: Asked, name: str) -> Said:
    """A task by its canonical name; any other name leads there, and one of them nowhere (contract 2.5)."""
    if name.isdigit():
        return answers.redirect(f"pcs/tasks/{TASK}/", 301)
    if name == AMBIGUOUS:
        return answers.not_found()
    content = (
        f'<h1>{escape(name)}</h1><form method="post" action="{MOUNT}/pcs/tasks/{escape(name)}/delete/">'
        f'<button type="submit" onclick="return confirm(\'Delete it?\')">Delete</button></form>'
        f'<a href="{MOUNT}/panda/tasks/34885/">JEDI task</a>'
        f'<a href="{MOUNT}/pcs/tasks/compose/?selected={name}">Edit</a>'
    )
    return page(asked, f"{name} - Prod Task - PCS", content)


def rucio(asked: Asked, name: str) -> Said:
    """The page of a data set when the catalogue does not answer: whole, and 502."""
    content = f'<h1>{escape(name)}</h1><div class="alert alert-danger">The catalogue did not answer.</div>'
    return page(asked, f"Rucio DID — {name}", content, status=502)


def panel(slug: str) -> Said:
    """One card of the hub: HTML inside JSON."""
    if slug not in ("requests", "panda", "live"):
        return answers.not_found()
    html = (
        f'<ul class="list-group"><li><a href="{MOUNT}/panda/jobs/?days=1&amp;status=failed" title="Jobs, 24 h">'
        "Jobs, 24 h: 4,491 \u2014 failed 275</a></li></ul>"
    )
    return answers.plain({**answers.recorded("pcs-dashboard-panel"), "html": html})


def tag_table(parameters: dict[str, str]) -> Said:
    """A PCS list's data: cells that link to the composer."""
    cells = [
        f'<a href="{MOUNT}/pcs/tags/p/compose/?selected=1001">p1001</a>',
        "DIS",
        "DIS NC 5x41",
        '<span class="badge bg-secondary">draft</span>',
        "alice",
        "20261123 16:15:58",
        "",
    ]
    rows = {"recordsTotal": 1, "recordsFiltered": 1, "data": [cells]}
    return answers.plain({"draw": int(parameters.get("draw", "1")), **rows})


def api(asked: Asked, path: str) -> Said | None:
    """The REST calls below ``pcs/api/``; None for what is none."""
    if path == "":
        names = ("physics-categories", "physics-tags", "datasets", "prod-configs", "prod-tasks")
        return answers.rest({name: f"{INSIDE}/pcs/api/{name}/" for name in names})
    if path == "v1/":
        return answers.rest(answers.recorded("pcs-api-v1"))
    if path == "v1/validation-results/":
        return answers.rest({"detail": f'Method "{asked.method}" not allowed.'}, 405, "POST, OPTIONS")
    if path.startswith("v1/samples/"):
        return _completion(path.split("/")[2])
    name, _, rest = path.partition("/")
    if name not in ("physics-categories", "physics-tags", "datasets", "prod-configs", "prod-tasks"):
        return None
    if asked.method in ("POST", "PATCH", "PUT"):
        owner = asked.user or "swf-remote-proxy"
        return answers.rest({"created_by": owner, "said": asked.body.decode("latin-1")}, 201)
    found = answers.recorded(f"pcs-api-{name}")
    return answers.rest(found if not rest else {**found[0], "name": rest.rstrip("/")}, allow="GET, POST, HEAD, OPTIONS")


def _completion(name: str) -> Said:
    if name == "several":
        return answers.rest(
            {"detail": "Ambiguous sample 'several': 2 tasks match", "candidates": [TASK, AMBIGUOUS]}, 300
        )
    where = f"{MOUNT}/pcs/api/v1/campaigns/26.06.0/catalog/"
    return answers.rest(
        {"sample": name, "complete": "unknown", "event_target": None, "rucio": [], "catalog_url": where}
    )
