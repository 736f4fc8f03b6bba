"""`swf-remote users …`, verb by verb, as an administrator types it."""

import io
import json
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from swf_remote.accounts import readers
from swf_remote.accounts.readers import session_readers

PASSWORD = "correct horse battery"
pytestmark = pytest.mark.django_db


class Terminal(io.StringIO):
    """Standard input with a person behind it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def users(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the command with `typed` on standard input; returns what it printed."""

    def run(*words: str, typed: str = "", at_terminal: bool = False) -> str:
        monkeypatch.setattr("sys.stdin", Terminal(typed) if at_terminal else io.StringIO(typed))
        out = io.StringIO()
        call_command("users", *words, stdout=out)
        return out.getvalue()

    return run


def add(users: Any, name: str = "alice", *words: str) -> str:
    return str(users("add", name, "--password-stdin", *words, typed=f"{PASSWORD}\nnot this line\n"))


# ----- add


def test_an_account_is_added_and_can_log_in(users: Any, client: Client) -> None:
    assert add(users) == "alice: added\n"
    response = client.post("/prod/accounts/login/", {"username": "alice", "password": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, "/prod/")


def test_a_plain_account_has_no_right_and_is_not_known_at_the_monitor(users: Any) -> None:
    add(users)
    alice = User.objects.get(username="alice")
    assert (alice.is_staff, alice.is_superuser, alice.profile.known_at_monitor) == (False, False, False)


def test_flags_and_address_are_kept(users: Any) -> None:
    add(users, "chief", "--staff", "--known-at-monitor", "--email", "chief@example.org")
    chief = User.objects.get(username="chief")
    assert (chief.is_staff, chief.profile.known_at_monitor, chief.email) == (True, True, "chief@example.org")


@pytest.mark.parametrize("name", ["a", "x" * 30, "a.b-c_d", "0", "..."])
def test_names_of_the_agreed_form_are_accepted(users: Any, name: str) -> None:
    assert add(users, name) == f"{name}: added\n"


@pytest.mark.parametrize("name", ["", "Alice", "x" * 31, "a b", "a@b", "ü", "a/b", "a\n", "<b>"])
def test_other_names_are_refused(users: Any, name: str) -> None:
    with pytest.raises(CommandError, match="is no user name"):
        add(users, name)
    assert not User.objects.exists()


def test_adding_twice_is_refused_and_changes_nothing(users: Any) -> None:
    add(users)
    with pytest.raises(CommandError, match=r"exists already \(--exist-ok updates it\)") as refused:
        users("add", "alice", "--staff", "--password-stdin", typed="entirely different\n")
    assert refused.value.returncode == 1
    alice = User.objects.get(username="alice")
    assert alice.check_password(PASSWORD) and not alice.is_staff


def test_exist_ok_updates_password_and_flags(users: Any) -> None:
    add(users, "alice", "--email", "a@example.org")
    told = users(
        *("add", "alice", "--exist-ok", "--staff", "--known-at-monitor", "--password-stdin"),
        typed="entirely different\n",
    )
    alice = User.objects.get(username="alice")
    assert told == "alice: updated\n"
    assert alice.check_password("entirely different")
    assert (alice.is_staff, alice.profile.known_at_monitor, alice.email) == (True, True, "a@example.org")


def test_exist_ok_leaves_what_is_not_named(users: Any) -> None:
    add(users, "alice", "--staff", "--known-at-monitor")
    users("add", "alice", "--exist-ok", "--no-known-at-monitor")
    alice = User.objects.get(username="alice")
    assert alice.check_password(PASSWORD)
    assert (alice.is_staff, alice.profile.known_at_monitor) == (True, False)


def test_exist_ok_adds_what_is_not_there(users: Any) -> None:
    assert add(users, "alice", "--exist-ok") == "alice: added\n"


@pytest.mark.parametrize(
    ("password", "reason"), [("short", "too short"), ("123456789012", "entirely numeric"), ("", "is empty")]
)
def test_a_weak_password_is_refused_with_the_reason(users: Any, password: str, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        users("add", "alice", "--password-stdin", typed=f"{password}\n")
    assert not User.objects.exists()


def test_a_wrong_address_is_refused_and_nothing_is_half_done(users: Any) -> None:
    add(users)
    with pytest.raises(CommandError, match="is no e-mail address"):
        users(*("add", "alice", "--exist-ok", "--email", "nonsense", "--password-stdin"), typed="entirely different\n")
    assert User.objects.get(username="alice").check_password(PASSWORD)


def test_without_a_terminal_the_password_must_come_from_standard_input(users: Any) -> None:
    with pytest.raises(CommandError, match="--password-stdin"):
        users("add", "alice")


def test_at_a_terminal_the_password_is_asked_for_twice(users: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([PASSWORD, PASSWORD])
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(answers))
    users("add", "alice", at_terminal=True)
    assert User.objects.get(username="alice").check_password(PASSWORD)


def test_two_different_answers_are_refused(users: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([PASSWORD, "correct hrose battery"])
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(answers))
    with pytest.raises(CommandError, match="differ"):
        users("add", "alice", at_terminal=True)


# ----- list


def test_the_list_shows_every_account_in_columns(users: Any) -> None:
    add(users, "bob")
    add(users, "alice", "--staff", "--email", "alice@example.org")
    head, *rows = users("list").splitlines()
    assert head.split() == ["username", "active", "staff", "known_at_monitor", "password", "last_login", "email"]
    assert [row.split() for row in rows] == [
        ["alice", "yes", "yes", "no", "yes", "-", "alice@example.org"],
        ["bob", "yes", "no", "no", "yes", "-", "-"],
    ]


def test_the_list_as_json_holds_no_hash(users: Any) -> None:
    add(users, "alice", "--known-at-monitor")
    assert json.loads(users("list", "--json")) == [
        {
            "username": "alice",
            "active": True,
            "staff": False,
            "known_at_monitor": True,
            "password": True,
            "last_login": None,
            "email": "",
        }
    ]


# ----- password


def sign_in(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_new_password_ends_sessions_and_lock_outs(users: Any) -> None:
    add(users)
    browser = sign_in("alice")
    AccessAttempt.objects.create(username="alice", ip_address="192.0.2.1", failures_since_start=5)
    users("password", "alice", "--password-stdin", typed="entirely different\n")
    assert User.objects.get(username="alice").check_password("entirely different")
    key = str(browser.session.session_key)
    assert session_readers([key])[key] is None
    assert not AccessAttempt.objects.filter(username="alice").exists()


@pytest.mark.parametrize("verb", ["password", "disable", "enable"])
def test_an_unknown_name_is_refused(users: Any, verb: str) -> None:
    words = (verb, "nobody", *(["--password-stdin"] if verb == "password" else []))
    with pytest.raises(CommandError, match="no account is named 'nobody'"):
        users(*words, typed=f"{PASSWORD}\n")


# ----- disable, enable


def test_disabling_ends_the_sessions_of_that_user_at_once_and_of_no_other(users: Any) -> None:
    add(users)
    add(users, "bob")
    alice, phone, bob = sign_in("alice"), sign_in("alice"), sign_in("bob")
    assert users("disable", "alice") == "alice: disabled, sessions ended\n"
    assert [alice.get("/prod/account/").status_code, phone.get("/prod/account/").status_code] == [302, 302]
    assert bob.get("/prod/account/").status_code == 200
    users("enable", "alice")
    assert alice.get("/prod/account/").status_code == 302, "the old session does not come back"


def test_disabling_and_enabling_twice_say_so(users: Any) -> None:
    add(users)
    users("disable", "alice")
    assert users("disable", "alice") == "alice: was disabled already\n"
    assert users("enable", "alice") == "alice: enabled\n"
    assert users("enable", "alice") == "alice: was enabled already\n"


def test_the_remembered_reader_of_another_process_is_gone_on_the_next_look_up(users: Any) -> None:
    add(users)
    browser = sign_in("alice")
    key = str(browser.session.session_key)
    assert readers.session_readers([key])[key] is not None
    users("disable", "alice")
    assert readers.session_readers([key])[key] is None


# ----- the command itself


@pytest.mark.parametrize("words", [(), ("fly",), ("add",), ("password",), ("list", "--yaml")])
def test_a_wrong_use_is_refused(users: Any, words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        users(*words)


@pytest.mark.parametrize("verb", ["add", "list", "password", "disable", "enable", "sync"])
def test_every_verb_explains_itself(users: Any, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        users(verb, "--help")
    assert left.value.code == 0
    assert len(capsys.readouterr().out.splitlines()) > 5
