"""Who may do what: the table's word applied to one request and its reader."""

from __future__ import annotations

import pytest

from swf_remote.accounts.readers import Reader
from swf_remote.edge.problem import Problem, ProblemError
from swf_remote.proxy.policy.admission import Admission, LoginNeeded, admit
from swf_remote.web import not_exposed

ALICE = Reader("alice", is_staff=False, known_at_monitor=True)
STAFF = Reader("root.of.all", is_staff=True, known_at_monitor=True)
STRANGER = Reader("bob", is_staff=False, known_at_monitor=False)
OWN_PAGE = ((b"sec-fetch-site", b"same-origin"),)
FOREIGN_PAGE = ((b"sec-fetch-site", b"cross-site"),)
TYPED = ((b"sec-fetch-site", b"none"),)
COMMANDS = "/prod/pcs/tasks/a.b/commands/"


async def admitted(
    target: str,
    reader: Reader | None = None,
    headers: tuple[tuple[bytes, bytes], ...] = (),
    *,
    method: str = "GET",
) -> Admission:
    async def look_up(_cookie: str | None, *, fresh: bool = False) -> Reader | None:
        return reader

    path, _, query = target.partition("?")
    fields = [(b"host", b"gate.example"), *headers]
    return await admit(
        method,
        path.encode(),
        fields,
        mount="/prod",
        public_url="https://gate.example/prod/",
        query=query.encode(),
        look_up=look_up,
    )


async def refused(
    target: str, reader: Reader | None = None, headers: tuple[tuple[bytes, bytes], ...] = (), *, method: str = "GET"
) -> Problem:
    with pytest.raises(ProblemError) as refusal:
        await admitted(target, reader, headers, method=method)
    return refusal.value.problem


# ----- names


@pytest.mark.parametrize(
    ("target", "reader", "name"),
    [
        ("/prod/panda/jobs/", ALICE, None),
        ("/prod/pcs/catalog/", ALICE, "alice"),
        ("/prod/pcs/catalog/", None, None),
        ("/prod/pcs/catalog/", STRANGER, None),
        ("/prod/pcs/questionnaires/3/", ALICE, None),
        ("/prod/prod/", ALICE, "alice"),
    ],
)
async def test_the_monitor_hears_a_name_only_where_the_row_says_so(
    target: str, reader: Reader | None, name: str | None
) -> None:
    assert (await admitted(target, reader)).remote_user == name


async def test_a_staff_name_is_never_sent_for_looking_at_pages() -> None:
    for page in ("/prod/prod/", "/prod/pcs/catalog/", "/prod/ai/proposals/", "/prod/panda/system/"):
        assert (await admitted(page, STAFF)).remote_user is None


async def test_staff_write_under_their_own_name() -> None:
    admission = await admitted("/prod/pcs/api/prod-tasks/", STAFF, OWN_PAGE, method="POST")
    assert admission.remote_user == "root.of.all"


# ----- writes


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_script_of_our_own_page_writes_under_the_readers_name(method: str) -> None:
    admission = await admitted("/prod/pcs/api/prod-tasks/a/", ALICE, OWN_PAGE, method=method)
    assert (admission.writes, admission.remote_user) == (True, "alice")


@pytest.mark.parametrize(
    "kind", [b"application/json", b"text/plain;charset=UTF-8", b"application/x-www-form-urlencoded"]
)
async def test_a_beacon_of_our_own_page_is_a_write_like_others(kind: bytes) -> None:
    headers = (*OWN_PAGE, (b"content-type", kind), (b"sec-fetch-mode", b"no-cors"))
    assert (await admitted("/prod/pcs/dashboard/prefs/", ALICE, headers, method="POST")).remote_user == "alice"


async def test_a_browser_without_fetch_metadata_writes_by_its_origin() -> None:
    ours, theirs = (b"origin", b"https://gate.example"), (b"origin", b"https://evil.example")
    assert (await admitted("/prod/pcs/find/brains/", ALICE, (ours,), method="POST")).writes
    assert (await refused("/prod/pcs/find/brains/", ALICE, (theirs,), method="POST")).kind == "cross-origin"
    assert (await refused("/prod/pcs/find/brains/", ALICE, method="POST")).kind == "cross-origin"


@pytest.mark.parametrize("site", [b"cross-site", b"same-site", b"none", b"", b"same-origin, cross-site"])
async def test_a_write_of_any_other_page_is_refused_before_the_reader_is_looked_up(site: bytes) -> None:
    problem = await refused("/prod/pcs/api/x/", None, ((b"sec-fetch-site", site),), method="POST")
    assert (problem.status, problem.kind, problem.outcome) == (403, "cross-origin", "Nothing was changed.")


async def test_a_write_needs_a_login_and_a_name_that_the_monitor_knows() -> None:
    with pytest.raises(LoginNeeded):
        await admitted("/prod/ai/api/proposals/decide/", None, OWN_PAGE, method="POST")
    problem = await refused("/prod/ai/api/proposals/decide/", STRANGER, OWN_PAGE, method="POST")
    assert problem.kind == "unknown-at-monitor"


# ----- reads that change something


async def test_the_commands_of_a_task_open_from_the_tasks_own_page() -> None:
    admission = await admitted(COMMANDS, ALICE, OWN_PAGE)
    assert (admission.writes, admission.remote_user) == (True, "alice")


async def test_the_commands_of_a_task_do_not_open_from_another_site() -> None:
    assert (await refused(COMMANDS, ALICE, FOREIGN_PAGE)).kind == "cross-origin"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_a_typed_address_that_changes_something_is_explained(method: str) -> None:
    problem = await refused(COMMANDS, ALICE, TYPED, method=method)
    assert (problem.status, problem.kind) == (403, "typed-address")
    assert "page that it belongs to" in problem.detail


# ----- addresses that a reader names


async def test_a_text_is_asked_for_only_below_the_allowed_folder() -> None:
    admission = await admitted("/prod/panda/view-text/?url=https://pandaserver-doma.cern.ch/trf/user/run")
    assert admission.route.pattern == "panda/view-text/"


@pytest.mark.parametrize(
    "query", ["", "?url=https://169.254.169.254/", "?url=https://pandaserver-doma.cern.ch/trf/../x"]
)
async def test_any_other_text_is_a_bad_request_that_says_why(query: str) -> None:
    problem = await refused(f"/prod/panda/view-text/{query}")
    assert (problem.status, problem.kind) == (400, "text-address")
    assert problem.detail.startswith("The address")


# ----- refusals


async def test_a_part_that_stays_inside_names_the_way_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(not_exposed.configuration(), "monitor_host", "pandaserver02.sdcc.bnl.gov")
    inside = "https://pandaserver02.sdcc.bnl.gov/swf-monitor/"
    for target in ("compute-usage/?start=2026-01-01&x=%2F", "logs/?app_name=epicprod", "snapper/panda/%22a/"):
        problem = await refused(f"/prod/{target}")
        assert (problem.status, problem.inside) == (403, inside + target)


async def test_without_the_monitors_name_no_way_is_named() -> None:
    assert (await refused("/prod/compute-usage/")).inside is None


async def test_what_nobody_has_is_not_found_and_names_no_way() -> None:
    problem = await refused("/prod/nothing/")
    assert (problem.status, problem.inside) == (404, None)


async def test_a_page_for_staff_is_for_staff() -> None:
    with pytest.raises(LoginNeeded):
        await admitted("/prod/panda/system/")
    assert (await refused("/prod/panda/system/", ALICE)).kind == "staff-only"
    assert (await admitted("/prod/panda/system/", STAFF)).route.effects


async def test_options_is_a_read_like_others() -> None:
    assert not (await admitted("/prod/pcs/api/prod-tasks/", None, FOREIGN_PAGE, method="OPTIONS")).writes
