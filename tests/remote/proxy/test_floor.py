"""What no exposure table opens, in whatever spelling it is asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.proxy.policy import refusals
from swf_remote.proxy.policy.exposure import Exposure
from swf_remote.proxy.policy.exposure_file import read_exposure
from swf_remote.proxy.policy.paths import normalise
from swf_remote.proxy.policy.refusals import Refusal, RefusedPath
from swf_remote.proxy.policy.rows import READ, WRITE, Access, Identity, Route

WIDE_OPEN = Exposure((Route("**", READ + WRITE, Access.LOGIN, Identity.READER),))
CLOSED = (
    "admin/",
    "admin/auth/user/",
    "accounts/login/",
    "accounts/logout/",
    "accounts/password_change/",
    "accounts/reset/x/y/",
    "account/",
    "api-auth/login/",
    "o/token/",
    ".well-known/oauth-protected-resource",
    "login/",
    "api/users/",
    "api/users/3/",
    "api/token/",
    "logs/",
    "logs/datatable/",
    "api/logs/summary/",
    "mcp/",
    "mcp",
    "api/systemagents/4/",
    "api/state/next-run-number/",
    "api/namespaces/ensure/",
    "api/ai-memory/record/",
    "api/corun-callback/",
    "api/slash/panda/",
    "api/dpid/verify/",
    "api/capcom/notices/ingest/",
    "api/mcp-health/",
    "system/sysconfig/",
    "panda/admin/",
    "panda/system/sysconfig/",
    "pcs/api/users/",
    "pcs/api/tokens/",
    "api/panda/users/",
    "api/panda/logs/",
    "ai/api/agents/",
    "pcs/login/",
)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", CLOSED)
def test_a_table_that_opens_everything_does_not_open_this(method: str, path: str) -> None:
    decision = WIDE_OPEN.decide(method, path)
    assert decision.route is None
    assert decision.refusal is not None
    assert decision.refusal.status == 403


@pytest.mark.parametrize(
    "path",
    [
        "panda/jobs/12/payload-log/",
        "panda/tasks/",
        "pcs/tasks/admin.x/",
        "administer/",
        "panda/users-of-a-site/",
        "ai/narratives/logs-of-may/",
    ],
)
def test_pages_with_similar_names_stay_open(path: str) -> None:
    assert WIDE_OPEN.is_exposed(path)


@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        ("Admin/", refusals.ADMINISTRATION),
        ("ADMIN/auth/user/", refusals.ADMINISTRATION),
        ("admin;x=1/auth/", refusals.ADMINISTRATION),
        ("admin./", refusals.ADMINISTRATION),
        ("admin /", refusals.ADMINISTRATION),
        (";x/admin/", refusals.ADMINISTRATION),
        ("%61dmin/", refusals.ADMINISTRATION),
        ("%2561dmin/", refusals.ADMINISTRATION),
        ("\uff41\uff44\uff4d\uff49\uff4e/", refusals.ADMINISTRATION),
        ("admi\u00adn/", refusals.ADMINISTRATION),
        ("ádmin/", refusals.ADMINISTRATION),
        ("admİn/", refusals.ADMINISTRATION),
        ("api/users.json", refusals.PRIVATE_DATA),
        ("api/Users.JSON", refusals.PRIVATE_DATA),
        ("API/users;x/", refusals.PRIVATE_DATA),
        ("api;y/users/", refusals.PRIVATE_DATA),
        ("api/logs.json", refusals.LOGS),
        ("Mcp/", refusals.AGENTS),
        ("panda/%41dmin/", refusals.ADMINISTRATION),
    ],
)
def test_another_spelling_is_the_same_thing(path: str, refusal: Refusal) -> None:
    assert WIDE_OPEN.decide("GET", path).refusal is refusal


def _cases(letter: str) -> st.SearchStrategy[str]:
    once = f"%{ord(letter):02X}"
    return st.sampled_from([letter, letter.upper(), once, once.lower(), f"%25{once[1:]}"])


def _spelled(path: str) -> st.SearchStrategy[str]:
    """`path` with every letter in some case or escape, and what servers cut off behind its segments."""
    tails = st.sampled_from(["", "", ";x", ";jsessionid=1", ".", "..", "%20", ".json", "%2e", "/."])
    segments = [
        st.tuples(*(_cases(letter) for letter in segment), tails).map("".join) if segment else st.just("")
        for segment in path.split("/")
    ]
    return st.tuples(*segments).map("/".join)


@given(
    st.sampled_from([path for path in CLOSED if "well" not in path]).flatmap(_spelled), st.sampled_from(READ + WRITE)
)
def test_no_spelling_of_a_closed_path_reaches_the_monitor(spelled: str, method: str) -> None:
    try:
        path = normalise(b"/prod/" + spelled.encode(), "/prod")
    except RefusedPath:
        return
    assert WIDE_OPEN.decide(method, path).route is None
    assert read_exposure().decide(method, path).route is None


@given(
    st.sampled_from(["pcs/api/questionnaires/", "pcs/api/questionnaires/3/", "panda/system/refresh/"]).flatmap(_spelled)
)
def test_no_spelling_passes_a_row_that_closes(spelled: str) -> None:
    try:
        path = normalise(b"/prod/" + spelled.encode(), "/prod")
    except RefusedPath:
        return
    assert read_exposure().decide("GET", path).route is None


@pytest.mark.parametrize(
    "path",
    [
        "panda/System/",
        "panda/system;x/",
        "panda/system.json",
        "pcs/tasks/a/Commands/",
        "panda/View-Text/",
        "api/panda/Task-Operations/3/",
    ],
)
def test_another_spelling_of_a_guarded_page_does_not_fall_to_a_catch_all(path: str) -> None:
    assert read_exposure().decide("GET", path).refusal is refusals.UNKNOWN


def test_a_read_that_changes_something_is_a_write_under_any_table() -> None:
    table = Exposure((Route("**"),))
    for path in ("pcs/tasks/a/commands/", "pcs/tasks/a/commands", "panda-queues/update-from-github/"):
        assert table.decide("GET", path).writes
    assert not table.decide("GET", "pcs/tasks/a/").writes
