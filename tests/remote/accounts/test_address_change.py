"""Another e-mail address: asked for with the password, which cannot be guessed here either."""

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client, RequestFactory

from swf_remote.accounts.confirmation import is_confirmed
from tests.remote.web.pages import assert_well_made

ACCOUNT, CHANGE, PASSWORD_CHANGE = "/prod/account/", "/prod/account/address/", "/prod/accounts/password_change/"
PASSWORD, NEW = "correct horse battery", "alice@elsewhere.example"
pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(client: Client) -> User:
    user = User.objects.create_user("alice", email="alice@example.org", password=PASSWORD)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


def change(client: Client, email: str = NEW, password: str = PASSWORD) -> object:
    return client.post(CHANGE, {"email": email, "current_password": password, "username": "mallory"})


def test_the_account_page_leads_to_the_form(client: Client, alice: User) -> None:
    assert CHANGE in assert_well_made(client.get(ACCOUNT).content.decode()).links
    page = assert_well_made(client.get(CHANGE).content.decode())
    names = [attrs.get("name") for attrs in page.all("input") if attrs.get("type") != "hidden"]
    assert names == ["email", "current_password"]


def test_an_anonymous_reader_is_asked_to_log_in(client: Client) -> None:
    assert client.get(CHANGE)["Location"] == f"/prod/accounts/login/?next={CHANGE}"
    assert change(client)["Location"].startswith("/prod/accounts/login/")  # type: ignore[index]


def test_a_new_address_holds_and_the_old_one_is_told(client: Client, alice: User) -> None:
    html = change(client).content.decode()  # type: ignore[attr-defined]
    assert_well_made(html)
    assert NEW in html and "alice@example.org" in html
    alice.refresh_from_db()
    assert alice.email == NEW
    assert NEW in client.get(ACCOUNT).content.decode()


@pytest.mark.parametrize(
    ("email", "password", "words"),
    [
        (NEW, "wrong", "The current password is not right."),
        (NEW, "", "Type your current password."),
        ("", PASSWORD, "Type the new e-mail address."),
        ("no address", PASSWORD, "That is no e-mail address"),
        ("<b>@example.org", PASSWORD, "That is no e-mail address"),
        (f"{'a' * 250}@example.org", PASSWORD, "at most 254"),
        ("alice@example.org", PASSWORD, "That is your address already."),
    ],
)
def test_a_refused_change_says_why_and_changes_nothing(
    client: Client, alice: User, email: str, password: str, words: str
) -> None:
    html = change(client, email, password).content.decode()  # type: ignore[attr-defined]
    page = assert_well_made(html)
    assert page.title.startswith("Error: ")
    assert words in html
    assert PASSWORD not in html
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"


def test_another_users_password_does_not_confirm(client: Client, alice: User) -> None:
    User.objects.create_user("bob", password="bobs own password")
    assert "not right" in change(client, password="bobs own password").content.decode()  # type: ignore[attr-defined]


def test_a_slip_in_the_address_is_no_failed_attempt(client: Client, alice: User) -> None:
    change(client, "no address", "wrong")
    assert not AccessAttempt.objects.exists()


@pytest.mark.parametrize("form", ["address", "password"])
def test_guessing_the_password_with_a_stolen_session_ends_in_the_lock_out(
    client: Client, alice: User, form: str
) -> None:
    def guess(password: str) -> int:
        if form == "address":
            return change(client, password=password).status_code  # type: ignore[attr-defined]
        new = {"new_password1": "another staple entirely", "new_password2": "another staple entirely"}
        return client.post(PASSWORD_CHANGE, {"old_password": password, **new}).status_code

    assert [guess(f"guess {number}") for number in range(6)] == [200, 200, 200, 200, 429, 429]
    assert guess(PASSWORD) == 429
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD) and alice.email == "alice@example.org"


def test_the_form_needs_its_token(alice: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    assert change(strict).status_code == 403  # type: ignore[attr-defined]


def test_nobody_who_is_not_signed_in_can_confirm(alice: User, rf: RequestFactory) -> None:

    request = rf.post(CHANGE)
    request.user = AnonymousUser()
    assert not is_confirmed(request, PASSWORD)
