"""Who may reach what: the table's rows by example, and what no spelling reaches."""

import pytest

from swf_remote.proxy.policy import refusals
from swf_remote.proxy.policy.refusals import Refusal
from swf_remote.proxy.policy.routes import Access, Identity, Kind, decide, exposure, is_exposed

PUBLIC, LOGIN, STAFF = Access.PUBLIC, Access.LOGIN, Access.STAFF
NONE, READER = Identity.NONE, Identity.READER


@pytest.mark.parametrize(
    ("method", "path", "access", "identity"),
    [
        ("GET", "", PUBLIC, READER),
        ("GET", "prod/", PUBLIC, READER),
        ("GET", "about/", PUBLIC, NONE),
        ("GET", "testbed/", PUBLIC, NONE),
        ("HEAD", "panda/jobs/", PUBLIC, NONE),
        ("GET", "panda/jobs", PUBLIC, NONE),
        ("GET", "panda/new-page-of-tomorrow/", PUBLIC, NONE),
        ("GET", "panda/jobs/12/payload-log/", PUBLIC, NONE),
        ("GET", "panda/system/status.json", PUBLIC, NONE),
        ("GET", "panda/system/", STAFF, NONE),
        ("GET", "panda/system", STAFF, NONE),
        ("GET", "api/panda/tasks/", PUBLIC, NONE),
        ("GET", "static/css/style.css", PUBLIC, NONE),
        ("GET", "pcs/catalog/", PUBLIC, READER),
        ("GET", "pcs/api/prod-tasks/", PUBLIC, READER),
        ("POST", "pcs/api/prod-tasks/", LOGIN, READER),
        ("DELETE", "pcs/api/prod-tasks/x/", LOGIN, READER),
        ("POST", "pcs/find/brains/", LOGIN, READER),
        ("GET", "pcs/tasks/a.b.c/commands/", LOGIN, READER),
        ("GET", "ai/assessments/", PUBLIC, READER),
        ("POST", "ai/api/proposals/decide/", LOGIN, READER),
        ("POST", "ai/assessments/12/quality/", LOGIN, READER),
        ("GET", "api/messages/stream/", LOGIN, NONE),
    ],
)
def test_a_listed_page_is_open_to_whom_the_table_says(
    method: str, path: str, access: Access, identity: Identity
) -> None:
    route = decide(method, path).route
    assert route is not None
    assert (route.access, route.identity) == (access, identity)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        ("admin/", refusals.ADMINISTRATION),
        ("admin/auth/user/", refusals.ADMINISTRATION),
        ("accounts/login/", refusals.ACCOUNTS),
        ("api-auth/login/", refusals.ACCOUNTS),
        ("o/token/", refusals.ACCOUNTS),
        ("api/users", refusals.PRIVATE_DATA),
        ("api/users/", refusals.PRIVATE_DATA),
        ("pcs/api/questionnaires/3/", refusals.PRIVATE_DATA),
        ("logs/", refusals.LOGS),
        ("api/logs/summary/", refusals.LOGS),
        ("mcp", refusals.AGENTS),
        ("mcp/", refusals.AGENTS),
        ("api/schema/swagger-ui/", refusals.AGENTS),
        ("panda/system/refresh/", refusals.OPERATORS_ONLY),
        ("compute-usage/", refusals.NOT_EXPOSED),
        ("testbed/workflows/", refusals.NOT_EXPOSED),
        ("panda-queues/update-from-github/", refusals.NOT_EXPOSED),
        ("epicprod/jobs/1/refresh/", refusals.NOT_EXPOSED),
        ("api/corun-callback/", refusals.AGENTS),
        ("api/messages/stream/status/", refusals.NOT_EXPOSED),
    ],
)
def test_a_closed_part_is_refused_with_its_reason(method: str, path: str, refusal: Refusal) -> None:
    decision = decide(method, path)
    assert (decision.route, decision.refusal) == (None, refusal)
    assert not is_exposed(path)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "panda/jobs/", ("GET", "HEAD", "OPTIONS")),
        ("DELETE", "api/panda/tasks/1/", ("GET", "HEAD", "OPTIONS")),
        ("POST", "static/css/style.css", ("GET", "HEAD")),
        ("POST", "api/messages/stream/", ("GET",)),
        ("TRACE", "panda/", ("GET", "HEAD", "OPTIONS")),
        ("PUT", "ai/api/proposals/decide/", ("POST", "GET", "HEAD", "OPTIONS")),
    ],
)
def test_another_method_is_refused_and_the_right_ones_are_named(
    method: str, path: str, allowed: tuple[str, ...]
) -> None:
    decision = decide(method, path)
    assert (decision.route, decision.refusal, decision.allowed) == (None, refusals.METHOD, allowed)


@pytest.mark.parametrize("path", ["nothing", "administer/", "pand/", "api2/", "static-files/x", "prod/x/"])
def test_what_nobody_has_is_not_found(path: str) -> None:
    assert decide("GET", path).refusal is refusals.UNKNOWN


def test_reads_that_change_something_count_as_writes() -> None:
    assert decide("GET", "pcs/tasks/a/commands/").writes
    assert not decide("GET", "pcs/tasks/a/").writes
    assert decide("POST", "pcs/tasks/a/delete/").writes


def test_nothing_is_written_without_a_login_and_a_name() -> None:
    for route in exposure().routes:
        for method in route.methods:
            if route.writes(method):
                assert (route.access, route.identity) == (LOGIN, READER), route.pattern


def test_only_streams_pass_unrewritten() -> None:
    plain = [route for route in exposure().routes if not route.rewrites and route.access is not Access.CLOSED]
    assert {route.kind for route in plain} == {Kind.STREAM}


def test_every_closed_row_says_why() -> None:
    for route in exposure().routes:
        assert (route.access is Access.CLOSED) == (route.refusal is not None), route.pattern
