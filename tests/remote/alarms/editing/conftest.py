"""Readers of every kind, an alarm with an owner, and a monitor that answers what a test says."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from swf_remote.alarms.configuring import save_alarm, save_team
from swf_remote.alarms.editing import looking, trying_views
from swf_remote.alarms.editing.alarm_form import held
from swf_remote.alarms.editing.turns import Turns
from swf_remote.alarms.inputs.items import Moment
from swf_remote.alarms.inputs.queries import Query
from swf_remote.alarms.models import Alarm, Team
from swf_remote.configuration import configuration
from tests.remote.alarms.detecting.worlds import task

NOW = datetime(2026, 11, 29, 8, 0, tzinfo=UTC)
BACKEND = "django.contrib.auth.backends.ModelBackend"
Answer = Callable[[Collection[Query[Any]], datetime], Mapping[Query[Any], Any]]


@pytest.fixture(autouse=True)
def quick_password_hash(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def no_turns_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying_views, "_TURNS", Turns())
    monkeypatch.setattr(trying_views, "_TESTS", Turns(a_minute=trying_views.TESTS_A_MINUTE))


@pytest.fixture(autouse=True)
def a_chat_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration(), "webhook_hosts", "chat.lab.example")


@pytest.fixture
def owner(db: None) -> User:
    # The one that comes with the tables would have to be thought of everywhere.
    Alarm.objects.all().delete()
    return User.objects.create_user("olga", "olga@lab.example")


@pytest.fixture
def alarm(owner: User) -> Alarm:
    made = Alarm(
        name="failing_tasks",
        title="Failing tasks",
        detector="task_failure_ratio",
        parameters={"threshold": 0.05},
        owner=owner,
        recipients="@prodops, shift@lab.example",
        webhooks="mattermost https://chat.lab.example/hooks/secret-key",
    )
    save_alarm(made, "olga", NOW)
    return made


@pytest.fixture
def team(db: None) -> Team:
    made = Team(name="@prodops", title="Production operators", members="a@lab.example, b@lab.example")
    save_team(made, "root", NOW)
    return made


def client_of(user: User | None, **options: Any) -> Client:
    client = Client(**options)
    if user is not None:
        client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def clients(owner: User) -> Mapping[str, Client]:
    """By kind of reader: anonymous, other, owner, staff."""
    return {
        "anonymous": client_of(None),
        "other": client_of(User.objects.create_user("otto", "otto@lab.example")),
        "owner": client_of(owner),
        "staff": client_of(User.objects.create_user("root", "root@lab.example", is_staff=True)),
    }


@pytest.fixture
def monitor_says(monkeypatch: pytest.MonkeyPatch) -> Callable[[Answer], None]:
    def say(answer: Answer) -> None:
        monkeypatch.setattr(looking, "ask", answer)

    return say


def moments(count: int) -> list[Moment]:
    """Ticks of the last hours, every five minutes, with a task that fails in half of its files."""
    begin = timezone.now() - timedelta(hours=3)
    made = []
    for number in range(count):
        at = begin + timedelta(minutes=5 * number)
        failing = task(4711, final_failure_rate=0.5, modified=at)
        made.append(Moment(at, {4711: failing}, {}, covers_since=at - timedelta(days=7)))
    return made


def posted(alarm: Alarm, **changes: Any) -> dict[str, Any]:
    """What a browser sends of an alarm's form, with changes; None takes a field away."""
    values: dict[str, Any] = {name: texts for name, texts in held(alarm).items() if texts}
    values |= {
        "detector": alarm.detector,
        "version": str(alarm.version),
        "editing": alarm.name if alarm.version else "",
    }
    values |= {name.replace("__", "."): value for name, value in changes.items()}
    return {name: value for name, value in values.items() if value is not None}
