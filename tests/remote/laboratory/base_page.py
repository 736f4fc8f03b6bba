"""The stand-in's frame of every page, in the shape of contract 3.1: what stands where, and where its URLs hide.

All words are invented here; only structure, identifiers and forms of URLs are the contract's.
"""

from __future__ import annotations

from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from tests.remote.laboratory.wire import MOUNT, Asked, Said

INSIDE = f"https://pandaserver02.sdcc.bnl.gov{MOUNT}"
OUTSIDE = "https://epic-devcloud.org/prod"
CSRF = "q3VxTn0mYw8KsLdR2fHbZc6eJpUaGi5oXtC1yMvEW9lNkDrSgPhBjQzA7uFI4TwO"

_STYLES = (
    "https://cdn.jsdelivr.net/npm/bootstrap@5.3.3/dist/css/bootstrap.min.css",
    "https://cdn.jsdelivr.net/npm/bootstrap-icons@1.11.3/font/bootstrap-icons.min.css",
    "https://cdn.datatables.net/1.13.8/css/dataTables.bootstrap5.min.css",
    "https://cdnjs.cloudflare.com/ajax/libs/prism/1.29.0/themes/prism.min.css",
    f"{MOUNT}/static/css/style.css",
    f"{MOUNT}/static/css/state-colors.css",
)
_SCRIPTS = (
    "https://code.jquery.com/jquery-3.7.1.min.js",
    "https://cdn.datatables.net/1.13.8/js/jquery.dataTables.min.js",
    "https://cdn.datatables.net/1.13.8/js/dataTables.bootstrap5.min.js",
    "https://cdnjs.cloudflare.com/ajax/libs/prism/1.29.0/components/prism-core.min.js",
    "https://cdnjs.cloudflare.com/ajax/libs/prism/1.29.0/components/prism-python.min.js",
    "https://cdnjs.cloudflare.com/ajax/libs/prism/1.29.0/components/prism-json.min.js",
    "https://cdn.jsdelivr.net/npm/bootstrap@5.3.3/dist/js/bootstrap.bundle.min.js",
)
_NAVIGATION = (
    (
        "Requests",
        (
            ("Request form", "https://docs.google.com/forms/d/e/invented/viewform"),
            ("Request production", "pcs/request/"),
            ("All requests", "pcs/questionnaires/"),
        ),
    ),
    (
        "PCS",
        (
            ("PCS hub", "pcs/"),
            ("Physics categories", "pcs/categories/"),
            ("Physics tags", "pcs/tags/p/compose/"),
            ("Generator tags", "pcs/tags/e/compose/"),
            ("Simulation tags", "pcs/tags/s/compose/"),
            ("Reconstruction tags", "pcs/tags/r/compose/"),
            ("Background tags", "pcs/tags/k/compose/"),
            ("Datasets", "pcs/datasets/compose/"),
            ("Configurations", "pcs/configs/compose/"),
            ("Tasks", "pcs/tasks/compose/?tab=tasks"),
        ),
    ),
    (
        "Campaigns",
        (
            ("Catalogue", "pcs/catalog/"),
            ("Progress", "pcs/catalog/?lifecycle=current&amp;view=progress"),
            ("Configurations by physics", "pcs/physics/"),
            ("Plan", "pcs/plan/"),
            ("Narratives", "ai/narratives/"),
            ("Assessments", "ai/assessments/?subject_type=campaign_task,campaign"),
        ),
    ),
    ("AI", (("Assessments", "ai/assessments/"), ("Proposals", "ai/proposals/"))),
    (
        "PanDA",
        (
            ("Activity", "panda/activity/"),
            ("Tasks", "panda/tasks/"),
            ("Jobs", "panda/jobs/"),
            ("Errors", "panda/errors/"),
            ("Logs", "logs/?app_name=epicprod"),
            ("Alarms", "alarms/"),
            ("Diagnostics", "panda/diagnostics/"),
            ("Compute usage", "compute-usage/"),
            ("Queues", "panda/epic-queues/"),
            ("Analysis", "analysis/"),
        ),
    ),
)

_FRAME = """<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>@TITLE@</title>
  <script>
    (function() {
      var mode = localStorage.getItem('navMode') || 'production';
      document.documentElement.setAttribute('data-nav-mode', mode);
    })();
  </script>
@ASSETS@
  <style>
    .nav-mode { display: none; }
    html[data-nav-mode="production"] .nav-production, html[data-nav-mode="testbed"] .nav-testbed { display: inline; }
    #js-error-overlay { display: none; }
    .brand { background-image: url(@MOUNT@/static/img/strip.png); }
  </style>
  @HEAD@
</head>
<body>
  <div id="js-error-overlay" role="alert"><h2>A script of this page failed</h2><pre id="js-error-text"></pre></div>
  <script>
    function showScriptError(words) {
      document.getElementById('js-error-overlay').style.display = 'block';
      document.getElementById('js-error-text').textContent += words + '\\n';
    }
    window.addEventListener('error', function(e) { showScriptError(e.message || 'a file did not load'); });
    window.addEventListener('unhandledrejection', function(e) { showScriptError(String(e.reason)); });
  </script>
  <div class="sticky-header">
    <nav>
      <span id="mode-flipper">
        <a id="flip-production" href="@MOUNT@/prod/" onclick="setNavMode('production');">ePIC Production</a>
        <a id="flip-testbed" href="@INSIDE@/testbed/" onclick="setNavMode('testbed');">ePIC Testbed</a>
      </span>
      <span class="nav-mode nav-testbed"><a href="@INSIDE@/testbed/">Testbed</a></span>
      <span class="nav-mode nav-production">
@NAVIGATION@
      </span>
      <span class="nav-spacer"></span>
      <button type="button" id="system-status-nav-link" data-system-status="ok"
        data-system-status-url="@MOUNT@/panda/system/status.json"
        data-system-checked-at="2026-11-24T02:14:00+00:00">System</button>
      <a id="system-status-dropdown-link" href="@MOUNT@/panda/system/">System status</a>
      <a href="@MOUNT@/snapper/epicprod/">Snapper</a>
      <a href="@MOUNT@/canary/">Canary</a>
      <a href="@MOUNT@/about/">About</a>
      <div class="nav-auth">@AUTH@</div>
    </nav>
  </div>
  <main>
    <div class="main-time-info"><a href="@HERE@">Go to page at pandaserver02</a> Built at @NOW@</div>
    @CONTENT@
  </main>
  <!-- the mount /swf-monitor/ is named here in words only -->
  <script>
    function applyNavMode(mode) { document.documentElement.setAttribute('data-nav-mode', mode); }
    function setNavMode(mode) { localStorage.setItem('navMode', mode); applyNavMode(mode); }
    applyNavMode(localStorage.getItem('navMode') || 'production');
    const systemLink = document.getElementById('system-status-nav-link');
    async function pollSystemStatus() {
      try {
        const answer = await fetch(systemLink.dataset.systemStatusUrl,
          {cache: 'no-store', credentials: 'same-origin', headers: {Accept: 'application/json'}});
        systemLink.dataset.systemStatus = (await answer.json()).overall_status;
      } catch (failure) { systemLink.dataset.systemStatus = 'error'; }
    }
    pollSystemStatus();
    setInterval(pollSystemStatus, 60000);
  </script>
  @TAIL@
</body>
</html>
"""


def page(asked: Asked, title: str, content: str, *, head: str = "", tail: str = "", status: int = 200) -> Said:
    """A whole page for one reader."""
    parts = {
        "@TITLE@": escape(title),
        "@ASSETS@": _assets(),
        "@HEAD@": head,
        "@NAVIGATION@": _navigation(),
        "@AUTH@": _account_corner(asked),
        "@HERE@": escape(f"{INSIDE}/{asked.path}" + (f"?{asked.query}" if asked.query else "")),
        "@NOW@": datetime.now(ZoneInfo("America/New_York")).strftime("%Y%m%d %H:%M:%S %Z"),
        "@CONTENT@": content,
        "@TAIL@": tail,
    }
    text = _FRAME
    for name, value in parts.items():
        text = text.replace(name, value)
    text = text.replace("@MOUNT@", MOUNT).replace("@INSIDE@", INSIDE).replace("@OUTSIDE@", OUTSIDE)
    cookie = (("Set-Cookie", "csrftoken=" + CSRF[:32] + "; Path=/; SameSite=Lax"),) if asked.user else ()
    return Said(text, status, headers=(("Vary", "Cookie"), *cookie))


def _assets() -> str:
    styles = [f'  <link rel="stylesheet" href="{address}">' for address in _STYLES]
    return "\n".join([*styles, *(f'  <script src="{address}"></script>' for address in _SCRIPTS)])


def _navigation() -> str:
    lines = []
    for label, entries in _NAVIGATION:
        lines.append(f'        <span class="nav-label">{label}</span>')
        for text, target in entries:
            address = target if target.startswith("https:") else f"@MOUNT@/{target}"
            lines.append(f'        <a href="{address}">{text}</a>')
    return "\n".join(lines)


def _account_corner(asked: Asked) -> str:
    if asked.user is None:
        back = f"{MOUNT}/{asked.path}" + (f"?{asked.query}" if asked.query else "")
        return f'<a href="@MOUNT@/accounts/login/?next={escape(back)}">Login</a>'
    return (
        f'<a href="@MOUNT@/account/">{escape(asked.user)}</a>'
        '<form method="post" action="@MOUNT@/accounts/logout/">'
        f'<input type="hidden" name="csrfmiddlewaretoken" value="{CSRF}"><button type="submit">Logout</button></form>'
    )
