"""`users sync` against a real HTTP server that answers like the monitor, or otherwise."""

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from swf_remote.accounts.management.commands import users as command
from swf_remote.accounts.monitor_users import MonitorListError, MonitorUser, parse_users
from swf_remote.accounts.sync import Outcome, is_django_hash, synchronise
from swf_remote.configuration import configuration

HASH = "md5$abcdefgh$0123456789abcdef0123456789abcdef"
pytestmark = [pytest.mark.slow, pytest.mark.django_db]


class Monitor(ThreadingHTTPServer):
    """Answers every request with `body` and `status`, and keeps what it was asked."""

    daemon_threads = True
    status = 200
    body = b'{"users": []}'

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: list[tuple[str, dict[str, str]]] = []

    def lists(self, *users: dict[str, Any]) -> None:
        self.body = json.dumps({"users": users}).encode()


class _Answer(BaseHTTPRequestHandler):
    server: Monitor

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def monitor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    server = Monitor()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/swf-monitor"
    settings = configuration().model_copy(update={"monitor_url": url})
    monkeypatch.setattr(command, "configuration", lambda: settings)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def sync(*words: str) -> list[str]:
    out = io.StringIO()
    call_command("users", "sync", *words, stdout=out)
    return out.getvalue().splitlines()


def listed(name: str, **more: Any) -> dict[str, Any]:
    """A user as the monitor lists it."""
    return {
        "username": name,
        "email": f"{name}@example.org",
        "first_name": "Al",
        "last_name": "Ice",
        "password": HASH,
        "is_active": True,
        "date_joined": "2026-01-01T00:00:00Z",
        "last_login": None,
    } | more


def run(*users: MonitorUser, **how: bool) -> Outcome:
    return synchronise(users, **how)


# ----- asking


def test_the_list_is_asked_for_once_in_the_name_of_the_service_account(monitor: Monitor) -> None:
    sync()
    [(path, headers)] = monitor.asked
    assert path == "/swf-monitor/api/users/"
    assert headers["x-remote-user"] == "swf-remote-proxy"
    assert "cookie" not in headers and "x-forwarded-for" not in headers


def test_another_account_may_ask(monitor: Monitor) -> None:
    sync("--as", "operator")
    assert monitor.asked[0][1]["x-remote-user"] == "operator"


@pytest.mark.parametrize("status", [302, 403, 404, 500])
def test_a_refusal_is_told_in_one_line(monitor: Monitor, status: int) -> None:
    monitor.status = status
    with pytest.raises(CommandError, match=rf"refused its list of accounts \(status {status}\)"):
        sync()


def test_a_dead_link_is_told_in_one_line() -> None:
    with pytest.raises(CommandError, match="cannot be reached") as refused:
        sync()
    assert refused.value.returncode == 1


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"users": 5}', b'{"users": ["alice"]}', b'{"users": [{}]}', b"\xff"]
)
def test_an_answer_of_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(MonitorListError, match="not of the agreed form"):
        parse_users(body)


def test_nulls_in_the_list_are_empty_texts() -> None:
    assert parse_users(b'{"users": [{"username": "a", "email": null, "password": null}]}') == [MonitorUser("a")]


# ----- what a run does


def test_missing_accounts_are_created_with_name_and_address_and_without_a_password(monitor: Monitor) -> None:
    monitor.lists(listed("alice"))
    assert sync()[0] == "1 created: alice"
    alice = User.objects.get(username="alice")
    assert (alice.email, alice.first_name, alice.last_name) == ("alice@example.org", "Al", "Ice")
    assert not alice.has_usable_password()
    assert alice.profile.known_at_monitor
    assert not alice.is_staff


def test_existing_accounts_are_marked_and_otherwise_left_alone(monitor: Monitor) -> None:
    User.objects.create_user("alice", email="own@example.org", password="correct horse battery", is_active=False)
    monitor.lists(listed("alice"))
    assert "1 marked as known at the monitor: alice" in sync("--with-passwords")
    alice = User.objects.get(username="alice")
    assert alice.profile.known_at_monitor
    assert (alice.email, alice.is_active) == ("own@example.org", False)
    assert alice.check_password("correct horse battery")


def test_a_second_run_changes_nothing(monitor: Monitor) -> None:
    monitor.lists(listed("alice"), listed("bob"))
    sync()
    assert sync() == ["0 created", "0 marked as known at the monitor", "2 unchanged"]


def test_hashes_are_taken_over_only_when_asked_for() -> None:
    run(MonitorUser("alice", password=HASH), with_passwords=True)
    run(MonitorUser("bob", password=HASH))
    assert User.objects.get(username="alice").password == HASH
    assert not User.objects.get(username="bob").has_usable_password()


@pytest.mark.parametrize("text", ["", "!unusable", "plain", "$2y$10$abcdefghijklmnopqrstuv", "x" * 300, "{SSHA}abc"])
def test_what_django_cannot_check_is_never_taken_over(text: str) -> None:
    run(MonitorUser("alice", password=text), with_passwords=True)
    assert not User.objects.get(username="alice").has_usable_password()


def test_django_knows_its_own_hashes() -> None:
    assert is_django_hash(make_password("secret"))


@pytest.mark.parametrize("name", ["Alice", "alice smith", "a@b", "x" * 31, "", "<b>", "ü"])
def test_names_that_the_gateway_does_not_accept_are_skipped_and_told(monitor: Monitor, name: str) -> None:
    monitor.lists(listed(name))
    assert f"skipped {name!r}: not a name that the gateway accepts" in sync()
    assert not User.objects.exists()


def test_the_service_account_is_skipped() -> None:
    assert run(MonitorUser("swf-remote-proxy")).skipped == [("swf-remote-proxy", "the gateway's own service account")]
    assert not User.objects.exists()


def test_closed_accounts_are_skipped() -> None:
    assert run(MonitorUser("alice", is_active=False)).skipped == [("alice", "closed at the monitor")]
    assert not User.objects.exists()


def test_an_account_with_a_malformed_address_is_created_without_it() -> None:
    run(MonitorUser("alice", email="not an address"))
    assert User.objects.get(username="alice").email == ""


def test_who_is_no_longer_listed_is_told_and_kept(monitor: Monitor) -> None:
    run(MonitorUser("alice"))
    assert "alice: marked as known, but not on the monitor's list any more" in sync()
    assert User.objects.get(username="alice").profile.known_at_monitor


def test_a_dry_run_only_tells(monitor: Monitor) -> None:
    User.objects.create_user("bob")
    monitor.lists(listed("alice"), listed("bob"))
    told = sync("--dry-run")
    assert told[:2] == ["1 would be created: alice", "1 would be marked as known at the monitor: bob"]
    assert not User.objects.filter(username="alice").exists()
    assert not User.objects.get(username="bob").profile.known_at_monitor


def test_no_hash_is_ever_printed(monitor: Monitor) -> None:
    monitor.lists(listed("alice"), listed("Bob"))
    assert HASH not in "\n".join(sync("--with-passwords"))
