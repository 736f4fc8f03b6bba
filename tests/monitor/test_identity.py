"""Who the monitor believes (contract 1.2): loopback peers and their X-Remote-User, sessions, tokens; nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client, override_settings
from rest_framework.authtoken.models import Token

from tests.monitor.conftest import Site

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _quick_passwords() -> Iterator[None]:
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


OUTSIDE = {"REMOTE_ADDR": "192.0.2.7"}


def signed_in_name(site: Site, **extra: str) -> str | None:
    """The user that the account page shows, or None when it sends the reader to the login page."""
    answer = site.get("/account/", **extra)
    return answer.content.decode().split("<title>")[1].split("</title>")[0] if answer.status_code == 200 else None


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_loopback_peer_names_the_user(site: Site, address: str) -> None:
    assert signed_in_name(site, REMOTE_ADDR=address, HTTP_X_REMOTE_USER="alice") == "alice"


@pytest.mark.parametrize("address", ["192.0.2.7", "127.0.0.2", "::ffff:127.0.0.1", "10.0.0.1", ""])
def test_any_other_peer_is_not_believed_and_makes_no_account(site: Site, address: str) -> None:
    assert signed_in_name(site, REMOTE_ADDR=address, HTTP_X_REMOTE_USER="alice") is None
    assert not User.objects.exists()


@pytest.mark.parametrize("header", ["HTTP_X_FORWARDED_USER", "HTTP_REMOTE_USER", "HTTP_X_REMOTE_USERNAME"])
def test_no_other_header_counts(site: Site, header: str) -> None:
    assert signed_in_name(site, **{header: "alice"}) is None


def test_a_forwarded_address_does_not_make_a_tunnel(site: Site) -> None:
    assert signed_in_name(site, **OUTSIDE, HTTP_X_FORWARDED_FOR="127.0.0.1", HTTP_X_REMOTE_USER="alice") is None


def test_an_unknown_name_becomes_a_powerless_account(site: Site) -> None:
    signed_in_name(site, HTTP_X_REMOTE_USER="  Bob Smith ")
    user = User.objects.get()
    assert user.username == "Bob Smith"
    assert (user.is_active, user.is_staff, user.is_superuser, user.has_usable_password()) == (True, False, False, False)
    assert not user.groups.exists()


def test_case_counts(site: Site) -> None:
    signed_in_name(site, HTTP_X_REMOTE_USER="alice")
    signed_in_name(site, HTTP_X_REMOTE_USER="ALICE")
    assert {user.username for user in User.objects.all()} == {"alice", "ALICE"}


def test_an_inactive_user_is_accepted_over_the_tunnel(site: Site) -> None:
    User.objects.create_user("carol", is_active=False)
    assert signed_in_name(site, HTTP_X_REMOTE_USER="carol") == "carol"


def test_an_overlong_name_is_refused_and_makes_no_account(site: Site) -> None:
    assert site.get("/account/", HTTP_X_REMOTE_USER="a" * 151).status_code == 400
    assert not User.objects.exists()


def test_a_session_wins_over_the_header(site: Site) -> None:
    site.client.force_login(User.objects.create_user("dora"))
    assert signed_in_name(site, HTTP_X_REMOTE_USER="alice") == "dora"
    assert not User.objects.filter(username="alice").exists()


def test_a_tunnel_page_without_name_is_anonymous_and_makes_no_account(site: Site, panda: datetime) -> None:
    page = site.html("/panda/tasks/")
    assert "Log in" in page
    assert not User.objects.exists()


def test_a_nameless_tunnel_call_of_rest_is_the_proxy_account(site: Site, panda: datetime) -> None:
    site.json("/api/panda/tasks/")
    assert [user.username for user in User.objects.all()] == ["swf-remote-proxy"]


def test_a_named_tunnel_call_of_rest_is_that_user(site: Site, panda: datetime) -> None:
    site.json("/api/panda/tasks/", HTTP_X_REMOTE_USER="alice")
    assert [user.username for user in User.objects.all()] == ["alice"]


def test_a_wrong_token_is_ignored_over_the_tunnel_and_refused_elsewhere(site: Site, panda: datetime) -> None:
    header = {"HTTP_AUTHORIZATION": "Token nonsense"}
    assert site.get("/api/panda/tasks/", **header).status_code == 200
    answer = site.get("/api/panda/tasks/", **header, **OUTSIDE)
    assert answer.status_code == 403
    assert json.loads(answer.content) == {"detail": "Invalid token."}


def test_reading_is_open_to_anonymous_callers_from_anywhere(site: Site, panda: datetime) -> None:
    assert site.get("/api/panda/tasks/", **OUTSIDE).status_code == 200
    assert site.get("/panda/tasks/", **OUTSIDE).status_code == 200
    assert not User.objects.exists()


def test_forms_need_no_csrf_token_over_the_tunnel_and_do_elsewhere() -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/panda/system/refresh/").status_code == 302
    assert strict.post("/panda/system/refresh/", **OUTSIDE).status_code == 403


def test_login_and_logout_lead_to_the_hub(panda: datetime) -> None:
    User.objects.create_user("erin", password="a-good-password-9")
    client = Client(**OUTSIDE)
    answer = client.post("/accounts/login/", {"username": "erin", "password": "a-good-password-9"})
    assert (answer.status_code, answer["Location"]) == (302, "/swf-monitor/prod/")
    answer = client.post("/accounts/logout/")
    assert (answer.status_code, answer["Location"]) == (302, "/swf-monitor/prod/")


def test_login_returns_to_the_page_it_came_from_but_not_to_another_host(panda: datetime) -> None:
    User.objects.create_user("erin", password="a-good-password-9")
    words = {"username": "erin", "password": "a-good-password-9"}
    inside = Client().post("/accounts/login/", {**words, "next": "/swf-monitor/panda/tasks/?days=3"})
    outside = Client().post("/accounts/login/", {**words, "next": "https://evil.example/"})
    assert inside["Location"] == "/swf-monitor/panda/tasks/?days=3"
    assert outside["Location"] == "/swf-monitor/prod/"


def test_a_wrong_password_is_said_in_the_form_without_saying_which_part_was_wrong(panda: datetime) -> None:
    page = Client().post("/accounts/login/", {"username": "nobody", "password": "x"}).content.decode()
    assert "User name and password do not match." in page
    assert 'value="nobody"' in page


def test_the_token_command_makes_account_and_token_once() -> None:
    first, second = StringIO(), StringIO()
    call_command("token", "gateway", stdout=first)
    call_command("token", "gateway", stdout=second)
    assert first.getvalue() == second.getvalue()
    assert first.getvalue().strip() == Token.objects.get(user__username="gateway").key
