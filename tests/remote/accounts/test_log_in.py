"""Logging in and out, with the real forms, middleware, sessions and lock-out."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from swf_remote.accounts.lockout import lockout_problem
from tests.remote.web.pages import assert_well_made

LOG_IN, LOG_OUT = "/prod/accounts/login/", "/prod/accounts/logout/"
PASSWORD = "correct horse battery"
SAME_ORIGIN = {"HTTP_SEC_FETCH_SITE": "same-origin"}
PAGE = {"HTTP_ACCEPT": "text/html"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice", password=PASSWORD)


def log_in(client: Client, name: str = "alice", password: str = PASSWORD, **more: Any) -> Any:
    return client.post(LOG_IN, {"username": name, "password": password, **more}, **PAGE)


def test_the_right_password_leads_to_the_page_that_was_asked_for(client: Client, alice: User) -> None:
    response = log_in(client, next="/prod/panda/jobs/?status=failed")
    assert (response.status_code, response["Location"]) == (302, "/prod/panda/jobs/?status=failed")
    assert client.session["_auth_user_id"] == str(alice.pk)


def test_without_a_goal_the_reader_lands_on_the_home_page(client: Client, alice: User) -> None:
    assert log_in(client)["Location"] == "/prod/"


@pytest.mark.parametrize("goal", ["//evil.example/", "https://evil.example/", "/prod/%2e%2e/x"])
def test_a_goal_elsewhere_is_ignored(client: Client, alice: User, goal: str) -> None:
    assert log_in(client, next=goal)["Location"] == "/prod/"


def test_a_goal_elsewhere_is_not_even_shown(client: Client) -> None:
    assert "evil.example" not in client.get(LOG_IN, {"next": "https://evil.example/"}).content.decode()


def test_the_goal_survives_a_failed_attempt(client: Client, alice: User) -> None:
    page = assert_well_made(log_in(client, password="wrong", next="/prod/status/").content.decode())
    assert {"type": "hidden", "name": "next", "value": "/prod/status/"} in page.all("input")


def test_who_is_signed_in_already_goes_straight_on(client: Client, alice: User) -> None:
    log_in(client)
    assert client.get(LOG_IN, {"next": "/prod/status/"})["Location"] == "/prod/status/"


def test_the_session_gets_a_new_key_and_the_agreed_cookie(client: Client, alice: User) -> None:
    client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    response = log_in(client)
    cookie = response.cookies["sessionid_prod"]
    assert cookie.value != "a" * 32
    assert (cookie["path"], cookie["samesite"], bool(cookie["httponly"])) == ("/prod", "Lax", True)
    assert cookie["max-age"] == 14 * 24 * 3600


def test_unknown_name_wrong_password_and_closed_account_sound_the_same(client: Client, alice: User) -> None:
    User.objects.create_user("closed", password=PASSWORD, is_active=False)
    pages = [
        log_in(client, name, password).content.decode()
        for name, password in (("alice", "wrong"), ("nobody", "wrong"), ("closed", PASSWORD))
    ]
    told = {re.search(r'<section class="error-summary.*?</section>', page, re.DOTALL)[0] for page in pages}  # type: ignore[index]
    assert len(told) == 1
    assert "There is a problem" in told.pop()


def test_a_form_with_errors_keeps_the_name_and_points_at_the_fields(client: Client) -> None:
    page = assert_well_made(log_in(client, name="bob", password="").content.decode())
    assert page.title.startswith("Error: ")
    fields = {attrs["name"]: attrs for attrs in page.all("input") if attrs.get("type") != "hidden"}
    assert fields["username"]["value"] == "bob"
    assert fields["password"]["aria-invalid"] == "true"
    assert "value" not in fields["password"]
    assert "#id_password" in page.links


def test_the_fields_can_be_filled_in_by_a_password_manager(client: Client) -> None:
    page = assert_well_made(client.get(LOG_IN).content.decode())
    told = {attrs.get("name"): attrs.get("autocomplete") for attrs in page.all("input")}
    assert (told["username"], told["password"]) == ("username", "current-password")


def test_the_log_in_page_is_never_stored(client: Client) -> None:
    assert "no-store" in client.get(LOG_IN)["Cache-Control"]


# ----- lock-out


def fail(client: Client, name: str = "alice", times: int = 5) -> Any:
    responses = [log_in(client, name, f"wrong {number}") for number in range(times)]
    return responses[-1]


def test_after_five_failures_even_the_right_password_is_refused(client: Client, alice: User) -> None:
    assert fail(client, times=4).status_code == 200
    assert fail(client, times=1).status_code == 429
    response = log_in(client)
    assert response.status_code == 429
    assert "_auth_user_id" not in client.session


def test_who_is_locked_out_is_told_until_when(client: Client, alice: User) -> None:
    fail(client)
    response = log_in(client)
    page = assert_well_made(response.content.decode())
    assert page.heading == "Log-in is locked for a while"
    until = datetime.now(UTC) + timedelta(minutes=15)
    times = {f"{until - timedelta(minutes=back):%H:%M} UTC" for back in (0, 1)}
    assert any(time in response.content.decode() for time in times)
    assert 0 < int(response["Retry-After"]) <= 15 * 60


def test_a_program_is_told_in_json(client: Client, alice: User) -> None:
    fail(client)
    response = client.post(LOG_IN, {"username": "alice", "password": "x"}, HTTP_ACCEPT="application/json")
    assert (response.status_code, response.json()["kind"]) == (429, "locked-out")


def test_an_unknown_name_is_locked_the_same_way(client: Client) -> None:
    assert fail(client, "nobody").status_code == 429


def test_the_lock_ends_after_a_quarter_of_an_hour(client: Client, alice: User) -> None:
    fail(client)
    AccessAttempt.objects.update(attempt_time=datetime.now(UTC) - timedelta(minutes=15, seconds=1))
    assert log_in(client).status_code == 302


def test_another_reader_is_not_locked_out_with_the_first(client: Client, alice: User) -> None:
    User.objects.create_user("bob", password=PASSWORD)
    fail(client)
    other = Client(REMOTE_ADDR="192.0.2.7")
    assert log_in(other, "bob").status_code == 302


def test_a_success_forgets_the_failures_before_it(client: Client, alice: User) -> None:
    fail(client, times=4)
    log_in(client)
    client.logout()
    assert fail(client, times=4).status_code == 200


def test_the_lock_in_words() -> None:
    now = datetime(2026, 11, 23, 14, 3, tzinfo=UTC)
    problem = lockout_problem(now + timedelta(minutes=14, seconds=30), now)
    assert problem.retry_after == 870
    assert "until 2026-11-23 14:17 UTC (for 14 min more)" in problem.detail


# ----- logging out


def test_logging_out_ends_the_session_and_leads_home(client: Client, alice: User) -> None:
    log_in(client)
    response = client.post(LOG_OUT, **SAME_ORIGIN)
    assert (response.status_code, response["Location"]) == (303, "/prod/")
    assert client.get("/prod/account/").status_code == 302


def test_the_form_of_a_proxied_page_works_without_a_token(alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    assert strict.post(LOG_OUT, HTTP_ORIGIN="http://testserver").status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"HTTP_SEC_FETCH_SITE": "cross-site"},
        {"HTTP_SEC_FETCH_SITE": "none"},
        {"HTTP_ORIGIN": "https://evil.example"},
        {"HTTP_ORIGIN": "null"},
    ],
)
def test_another_site_cannot_log_a_reader_out(client: Client, alice: User, headers: dict[str, str]) -> None:
    log_in(client)
    response = client.post(LOG_OUT, **headers, **PAGE)  # type: ignore[arg-type]
    assert response.status_code == 403
    assert "Nothing was changed." in response.content.decode()
    assert client.get("/prod/account/").status_code == 200


def test_a_link_cannot_log_a_reader_out(client: Client, alice: User) -> None:
    log_in(client)
    response = client.get(LOG_OUT, **PAGE)
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert client.get("/prod/account/").status_code == 200


def test_logging_out_twice_is_no_error(client: Client) -> None:
    assert client.post(LOG_OUT, **SAME_ORIGIN).status_code == 303
