"""Every path of the monitor's URL map (contract 2) has the verdict that was meant for it.

One line per path: method, path, verdict (who may, or the refusal), identity sent, and ``writes`` where the request
counts as a write.
"""

from __future__ import annotations

import pytest

from swf_remote.proxy.policy.exposure_file import read_exposure
from swf_remote.proxy.policy.rows import READ, WRITE

VERDICTS = """
# 2.1 hub, general, system
GET  (root)                                 public          reader
GET  prod/                                  public          reader
GET  prod/?tab=ops                          public          reader
GET  testbed/                               public          none
GET  testbed/workflows/                     not-exposed
GET  about/                                 public          none
GET  home/                                  not-exposed
GET  dashboard/                             not-exposed
GET  account/                               monitor-accounts
POST account/                               monitor-accounts
GET  analysis/                              not-exposed
GET  compute-usage/                         not-exposed
GET  compute-usage/data/                    not-exposed
GET  panda/system/                          staff           none
GET  panda/system/status.json               public          none
POST panda/system/refresh/                  operators-only
GET  system/                                not-exposed
GET  system/status.json                     not-exposed
POST system/refresh/                        not-exposed
POST system/sysconfig/                      administration
GET  logs/                                  logs
GET  logs/?app_name=epicprod                logs
GET  logs/datatable/                        logs
GET  logs/filter-counts/                    logs
GET  logs/3/                                logs
GET  logs/summary/datatable/                logs
POST logs/live-policy/                      logs
GET  admin/                                 administration
GET  admin/auth/user/                       administration
GET  accounts/login/                        monitor-accounts
POST accounts/logout/                       monitor-accounts
GET  accounts/password_change/              monitor-accounts
GET  accounts/reset/MQ/set-password/        monitor-accounts
GET  api-auth/login/                        monitor-accounts
GET  o/authorize/                           monitor-accounts
POST o/token/                               monitor-accounts
GET  .well-known/oauth-protected-resource   monitor-accounts
GET  static/css/style.css                   public          none
HEAD static/css/style.css                   public          none
POST static/css/style.css                   method-not-allowed
GET  canary/                                not-exposed
GET  snapper/panda/report/                  not-exposed
GET  robots.txt                             not-found
# 2.2 PanDA pages
GET  panda/                                 public          none
GET  panda                                  public          none
GET  panda/activity/                        public          none
GET  panda/activity/?chip=1                 public          none
GET  panda/jobs/                            public          none
GET  panda/jobs/datatable/                  public          none
GET  panda/jobs/filter-counts/              public          none
GET  panda/jobs/123/                        public          none
POST panda/jobs/123/                        method-not-allowed
GET  epicprod/jobs/123/                     not-exposed
POST epicprod/jobs/123/refresh/             not-exposed
GET  panda/jobs/123/payload-log/            public          none
GET  panda/jobs/123/payload-log/?force=1    public          none
GET  panda/view-text/                       public          none
GET  panda/tasks/                           public          none
GET  panda/tasks/datatable/                 public          none
GET  panda/tasks/filter-counts/             public          none
GET  panda/tasks/7/                         public          none
GET  panda/errors/                          public          none
GET  panda/errors/datatable/?refresh=1      public          none
GET  panda/diagnostics/                     public          none
GET  panda/diagnostics/datatable/           public          none
GET  panda/epic-queues/                     public          none
GET  panda/epic-queues/BNL_EIC_1/           public          none
GET  panda/a-page-of-tomorrow/              public          none
GET  panda-queues/                          not-exposed
GET  panda-queues/BNL_EIC_1/json/           not-exposed
GET  panda-queues/update-from-github/       not-exposed
GET  rucio-endpoints/                       not-exposed
GET  rucio-endpoints/update-from-github/    not-exposed
GET  panda-database/                        not-exposed
GET  idds-database/tables/                  not-exposed
# 2.3 alarms: a section of the gateway's own stands before the table
GET  alarms/                                not-exposed
POST alarms/catalog_sync_freshness/save/    not-exposed
GET  alarms/teams/@ops/edit/                not-exposed
# 2.4 AI
GET  ai/assessments/                        public          reader
GET  ai/assessments/0b5f/body/              public          reader
GET  ai/assessments/legacy/3/               public          reader
GET  ai/assessments/26.06.0/daily/latest/   public          reader
GET  ai/assessments/3/quality/              public          reader
POST ai/assessments/3/quality/              login           reader  writes
POST ai/assessments/3/                      method-not-allowed
GET  ai/proposals/                          public          reader
GET  ai/narratives/general/                 public          reader
POST ai/api/proposals/propose/              login           reader  writes
POST ai/api/proposals/decide/               login           reader  writes
POST ai/api/proposals/delete/               login           reader  writes
POST ai/api/proposals/undo/                 login           reader  writes
POST ai/api/narratives/save/                login           reader  writes
POST ai/api/narratives/comment/             login           reader  writes
PUT  ai/api/narratives/save/                method-not-allowed
# 2.5 PCS
GET  pcs/                                   public          reader
GET  pcs/catalog/                           public          reader
GET  pcs/catalog/?refresh=1                 public          reader
POST pcs/catalog/csv-update/                login           reader  writes
GET  pcs/catalog/csv-update/                public          reader
POST pcs/catalog/set-current/               login           reader  writes
POST pcs/catalog/instancing-execute/        login           reader  writes
GET  pcs/physics/                           public          reader
GET  pcs/plan/                              public          reader
GET  pcs/config/pc3/                        public          reader
GET  pcs/data/some.name/                    public          reader
GET  pcs/request/                           public          reader
POST pcs/request/                           login           reader  writes
GET  pcs/questionnaires/                    public          none
GET  pcs/questionnaires/3/                  public          none
POST pcs/questionnaires/import/             login           reader  writes
POST pcs/questionnaires/3/matches/          login           reader  writes
POST pcs/questionnaires/3/matches/4/remove/ login           reader  writes
GET  pcs/rucio/epic/a/b/c/                  public          reader
GET  pcs/rucio/epic/a/b/c/files/            public          reader
GET  pcs/categories/                        public          reader
POST pcs/categories/create/                 login           reader  writes
GET  pcs/tags/p/                            public          reader
GET  pcs/tags/p/datatable/                  public          reader
GET  pcs/tags/k/compose/?selected=3         public          reader
GET  pcs/tags/e/param-defs/                 public          reader
POST pcs/tags/e/param-defs/                 login           reader  writes
POST pcs/tags/e/3/delete/                   login           reader  writes
POST pcs/tags/e/3/lock/                     login           reader  writes
GET  pcs/find/?q=a                          public          reader
POST pcs/find/brains/                       login           reader  writes
POST pcs/find/brains/event/                 login           reader  writes
GET  pcs/find/brains/12/                    public          reader
GET  pcs/evgen/                             public          reader
POST pcs/evgen/update/                      login           reader  writes
GET  pcs/datasets/datatable/                public          reader
POST pcs/datasets/3/add-block/              login           reader  writes
GET  pcs/configs/compose/                   public          reader
GET  pcs/tasks/                             public          reader
GET  pcs/tasks/datatable/                   public          reader
GET  pcs/tasks/compose/?tab=tasks           public          reader
GET  pcs/tasks/group.EIC.26.07.0.x/         public          reader
POST pcs/tasks/a/delete/                    login           reader  writes
GET  pcs/tasks/a/commands/                  login           reader  writes
HEAD pcs/tasks/a/commands/                  login           reader  writes
OPTIONS pcs/tasks/a/commands                login           reader  writes
POST pcs/tasks/a/commands/                  login           reader  writes
GET  pcs/tasks/a/compose-detail/            public          reader
POST pcs/dashboard/prefs/                   login           reader  writes
GET  pcs/dashboard/panel/live/              public          reader
# 2.6 REST
GET  api/panda/tasks/                       public          none
HEAD api/panda/tasks/                       public          none
GET  api/panda/tasks/7/                     public          none
GET  api/panda/jobs/                        public          none
GET  api/panda/activity/                    public          none
GET  api/panda/jobs/7/                      public          none
GET  api/panda/jobs/diagnose/               public          none
GET  api/panda/errors/                      public          none
GET  api/panda/queues/                      public          none
GET  api/panda/queues/BNL_OSG_1/            public          none
GET  api/panda/schema/                      public          none
POST api/panda/tasks/7/operations/          method-not-allowed
POST api/panda/task-operations/             method-not-allowed
GET  api/panda/task-operations/0b5f/        login           reader
POST api/panda/task-operations/0b5f/state/  method-not-allowed
GET  api/messages/stream/                   login           none
POST api/messages/stream/                   method-not-allowed
GET  api/messages/stream/status/            not-exposed
GET  api/users/                             private-data
GET  api/capcom/state/                      not-exposed
GET  api/capcom/notices/                    not-exposed
POST api/capcom/notices/ingest/             agents
GET  api/system-status/history/             not-exposed
GET  api/snapper/panda/latest/              not-exposed
POST api/snapper/panda/episodes/open/       not-exposed
GET  api/logs/                              logs
DELETE api/logs/3/                          logs
GET  api/systemagents/                      agents
GET  api/workflows/                         not-exposed
GET  api/workflow-stages/                   not-exposed
GET  api/runs/                              not-exposed
GET  api/stf-files/                         not-exposed
GET  api/subscribers/                       agents
GET  api/tf-slices/                         not-exposed
GET  api/workers/                           agents
POST api/state/next-run-number/             agents
POST api/namespaces/ensure/                 agents
GET  api/ai-memory/                         agents
POST api/ai-memory/record/                  agents
GET  api/                                   not-exposed
GET  api/dpid/verify/                       agents
POST api/slash/panda/                       agents
POST api/corun-callback/                    agents
GET  api/mcp-health/                        agents
GET  api/schema/                            agents
GET  api/schema/swagger-ui/                 agents
POST mcp/                                   agents
# 5.5 PCS REST
GET  pcs/api/                               public          reader
GET  pcs/api/prod-tasks/                    public          reader
POST pcs/api/prod-tasks/intake/             login           reader  writes
PATCH pcs/api/physics-tags/3/               login           reader  writes
DELETE pcs/api/prod-configs/3/              login           reader  writes
GET  pcs/api/prod-tasks/command/?name=a     public          reader
POST pcs/api/evgen/marks/                   login           reader  writes
GET  pcs/api/v1/samples/a/completion/       public          reader
POST pcs/api/v1/validation-results/         login           reader  writes
GET  pcs/api/questionnaires/                private-data
GET  pcs/api/questionnaires.json            private-data
POST pcs/api/questionnaires/intake/         private-data
# what nobody has
GET  nothing/                               not-found
GET  prod/nothing/                          not-found
GET  administer/                            not-found
TRACE panda/                                method-not-allowed
"""
LINES = [line.split() for line in VERDICTS.strip().splitlines() if not line.startswith("#")]


@pytest.mark.parametrize(("method", "address", "words"), [(one[0], one[1], one[2:]) for one in LINES])
def test_a_path_has_the_verdict_that_was_meant(method: str, address: str, words: list[str]) -> None:
    path, _, query = address.removeprefix("(root)").partition("?")
    decision = read_exposure().decide(method, path, query.encode())
    if decision.route is None:
        assert decision.refusal is not None
        assert [decision.refusal.kind] == words
    else:
        found = [str(decision.route.access), str(decision.route.identity)]
        assert found + ["writes"] * decision.writes == words


@pytest.mark.parametrize("address", sorted({one[1] for one in LINES}))
def test_no_path_takes_a_write_from_the_public_or_without_a_name(address: str) -> None:
    path, _, query = address.removeprefix("(root)").partition("?")
    for method in WRITE:
        decision = read_exposure().decide(method, path, query.encode())
        assert decision.route is None or (decision.writes, decision.route.access, decision.route.identity) == (
            True,
            "login",
            "reader",
        )


@pytest.mark.parametrize(
    ("address", "effects"),
    [
        ("panda/tasks/7/", True),
        ("prod/?tab=ops", True),
        ("?tab=nav", True),
        ("prod/?%74ab=ops", True),
        ("panda/system/", True),
        ("panda/jobs/1/payload-log/", True),
        ("panda/errors/datatable/?refresh=1", True),
        ("pcs/catalog/?a=1&refresh=1", True),
        ("pcs/tasks/a.name/", True),
        ("prod/", False),
        ("panda/jobs/", False),
        ("panda/system/status.json", False),
        ("pcs/tasks/compose/", False),
        ("pcs/tasks/datatable/", False),
    ],
)
def test_reads_that_do_something_at_the_monitor_are_marked(address: str, effects: bool) -> None:
    path, _, query = address.partition("?")
    route = read_exposure().decide("GET", path, query.encode()).route
    assert route is not None
    assert route.effects is effects


@pytest.mark.parametrize(
    "path",
    [
        "panda/jobs/datatable/",
        "panda/tasks/datatable/",
        "panda/errors/datatable/",
        "panda/diagnostics/datatable/",
        "panda/jobs/filter-counts/",
        "panda/lists-of-tomorrow/datatable/",
        "pcs/dashboard/panel/live/",
        "pcs/tags/p/datatable/",
        "pcs/tasks/datatable/",
        "pcs/find/brains/12/",
    ],
)
def test_json_that_pages_put_into_themselves_is_made_harmless(path: str) -> None:
    route = read_exposure().decide("GET", path).route
    assert route is not None
    assert route.rewriting == "cells"


@pytest.mark.parametrize(
    "path", ["api/panda/jobs/", "pcs/api/prod-tasks/", "panda/system/status.json", "pcs/tasks/a/commands/"]
)
def test_data_for_programs_keep_their_values(path: str) -> None:
    route = read_exposure().decide("GET", path).route
    assert route is not None
    assert route.rewriting == "text"


@pytest.mark.parametrize("page", ["jobs", "tasks", "errors", "diagnostics", "epic-queues"])
def test_an_export_keeps_its_values_and_no_table_becomes_one_by_its_query(page: str) -> None:
    exported = read_exposure().decide("GET", f"panda/{page}/", b"days=7&format=json").route
    table = read_exposure().decide("GET", f"panda/{page}/datatable/", b"days=7&format=json").route
    assert exported is not None
    assert table is not None
    assert (exported.rewriting, table.rewriting) == ("text", "cells")


@pytest.mark.parametrize(
    ("path", "cache"),
    [
        ("panda/jobs/", "shared"),
        ("api/panda/jobs/", "shared"),
        ("pcs/catalog/", "private"),
        ("pcs/questionnaires/", "shared"),
        ("panda/jobs/1/payload-log/", "none"),
        ("pcs/tasks/a/commands/", "none"),
        ("static/css/style.css", "static"),
        ("api/messages/stream/", "none"),
    ],
)
def test_what_depends_on_the_reader_is_not_kept_for_others(path: str, cache: str) -> None:
    route = read_exposure().decide("GET", path).route
    assert route is not None
    assert route.cache == cache


def test_answers_fetched_under_a_name_are_never_shared() -> None:
    for route in read_exposure().routes:
        if route.identity == "reader":
            assert route.cache in ("private", "none"), route.pattern


def test_only_reads_are_kept() -> None:
    for route in read_exposure().routes:
        if not set(route.methods) <= set(READ):
            assert route.cache == "none", route.pattern
