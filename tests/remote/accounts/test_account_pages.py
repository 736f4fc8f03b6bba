"""The account page and the change of password."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from swf_remote.accounts.models import Profile
from swf_remote.accounts.readers import session_readers
from tests.remote.web.pages import assert_well_made

ACCOUNT, CHANGE = "/prod/account/", "/prod/accounts/password_change/"
PASSWORD, NEW = "correct horse battery", "another staple entirely"
pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(client: Client) -> User:
    user = User.objects.create_user("alice", email="alice@example.org", password=PASSWORD)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return user


def change(client: Client, old: str = PASSWORD, new: str = NEW, again: str = NEW) -> object:
    return client.post(CHANGE, {"old_password": old, "new_password1": new, "new_password2": again})


@pytest.mark.parametrize("path", [ACCOUNT, CHANGE, CHANGE + "done/"])
def test_an_anonymous_reader_is_asked_to_log_in_and_comes_back(client: Client, path: str) -> None:
    assert client.get(path)["Location"] == f"/prod/accounts/login/?next={path}"


def test_the_account_page_says_who_one_is(client: Client, alice: User) -> None:
    html = client.get(ACCOUNT).content.decode()
    page = assert_well_made(html)
    assert page.heading == "Account alice"
    assert "alice@example.org" in html
    assert CHANGE in page.links


def test_it_says_whether_the_monitor_knows_the_name(client: Client, alice: User) -> None:
    assert "Not known at the monitor" in client.get(ACCOUNT).content.decode()
    Profile.objects.update(known_at_monitor=True)
    assert "Not known at the monitor" not in client.get(ACCOUNT).content.decode()


def test_an_account_without_a_profile_has_a_page_too(client: Client, alice: User) -> None:
    Profile.objects.all().delete()
    assert client.get(ACCOUNT).status_code == 200


def test_account_pages_are_never_stored(client: Client, alice: User) -> None:
    assert "no-store" in client.get(ACCOUNT)["Cache-Control"]


def test_a_new_password_holds_and_the_session_goes_on_under_a_new_key(client: Client, alice: User) -> None:
    before = client.session.session_key
    response = change(client)
    assert response["Location"] == CHANGE + "done/"  # type: ignore[index]
    alice.refresh_from_db()
    assert alice.check_password(NEW)
    assert client.session.session_key != before
    assert_well_made(client.get(CHANGE + "done/").content.decode())


def test_other_sessions_end_with_the_old_password(client: Client, alice: User) -> None:
    phone = Client()
    phone.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    key = str(phone.session.session_key)
    assert session_readers([key])[key] is not None
    change(client)
    assert phone.get(ACCOUNT).status_code == 302
    assert session_readers([key])[key] is None


@pytest.mark.parametrize(
    ("old", "new", "again", "words"),
    [
        ("wrong", NEW, NEW, "The current password is not right."),
        (PASSWORD, NEW, "something else entirely", "The two new passwords differ."),
        (PASSWORD, "short", "short", "too short"),
        (PASSWORD, "12345678901234", "12345678901234", "entirely numeric"),
        (PASSWORD, "password1234", "password1234", "too common"),
        (PASSWORD, "alice@example.org", "alice@example.org", "too similar"),
        (PASSWORD, "", "", "Type a new password."),
    ],
)
def test_a_refused_change_says_why(client: Client, alice: User, old: str, new: str, again: str, words: str) -> None:
    response = change(client, old, new, again)
    html = response.content.decode()  # type: ignore[attr-defined]
    page = assert_well_made(html)
    assert page.title.startswith("Error: ")
    assert words in html
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_the_rules_are_told_before_one_fails(client: Client, alice: User) -> None:
    html = client.get(CHANGE).content.decode()
    page = assert_well_made(html)
    field = next(attrs for attrs in page.all("input") if attrs.get("name") == "new_password1")
    assert field["autocomplete"] == "new-password"
    assert f'id="{field["aria-describedby"]}"' in html
    assert "at least" in html
