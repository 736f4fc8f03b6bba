"""A few alarms with a past, as pages show them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from swf_remote.alarms.models import (
    Alarm,
    Attempt,
    Change,
    Channel,
    Delivery,
    Evaluation,
    Event,
    Outcome,
    Severity,
    Silence,
    State,
    Team,
    Tick,
)

BACKEND = "django.contrib.auth.backends.ModelBackend"
PAGE = {"HTTP_ACCEPT": "text/html"}


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def reader(name: str = "alice", *, staff: bool = False, email: str = "") -> Client:
    """A browser in which this user is signed in."""
    client = Client()
    user, _ = User.objects.get_or_create(username=name, defaults={"is_staff": staff, "email": email})
    client.force_login(user, backend=BACKEND)
    return client


def alarm(name: str = "eic_failures", **fields: Any) -> Alarm:
    """An alarm that was looked at in time. The one that every gateway begins with stands aside."""
    Alarm.objects.filter(detector="cannot_evaluate").delete()
    now = timezone.now()
    values = {
        "title": "Final failures of tasks",
        "detector": "task_failure_ratio",
        "parameters": {"threshold": 0.05},
        "evaluated_for": now,
        "evaluated_at": now,
        "description": "Look at the task's error patterns first.",
    }
    return Alarm.objects.create(name=name, **(values | fields))


def event(of: Alarm, task: int = 4711, state: State = State.FIRING, ago: float = 41, **fields: Any) -> Event:
    """An event that began to fire so many minutes ago; a resolved one lasted half of that time."""
    now = timezone.now()
    fired = now - minutes(ago)
    over = state == State.RESOLVED
    values: dict[str, Any] = {
        "fingerprint": f"task:{task}",
        "severity": of.severity,
        "subject": f"task {task} (running) final failures 12.4 % - group.EIC.26.07.1.epic_craterlake.q2_1to10",
        "detail": "34 of 274 files used up their retries.",
        "labels": {"task": str(task), "site": "BNL_OSG", "user": "a.b", "alarm": of.name, "severity": of.severity},
        "values": {"jeditaskid": task, "rate": 0.124, "nfinalfailed": 34, "metric": "12.4 % > 5 %"},
        "first_values": {"jeditaskid": task, "rate": 0.061, "nfinalfailed": 12},
        "links": [["Task", f"panda/tasks/{task}/"]],
        "first_seen": fired,
        "fired_at": None if state == State.PENDING else fired,
        "last_seen": now - minutes(ago / 2 if over else 1),
        "resolved_at": now - minutes(ago / 2) if over else None,
        "resolution": "It matches no more." if over else "",
        "notified_at": None if state == State.PENDING else fired,
    }
    if state == State.ACKNOWLEDGED:
        values |= {"acknowledged_by": "k.l", "acknowledged_at": now - minutes(ago / 2)}
    made = Event.objects.create(alarm=of, state=state, **(values | fields))
    Change.objects.create(event=made, at=made.first_seen, what="firing", text=made.subject)
    return made


def tick(ago: float = 1, **fields: Any) -> Tick:
    """A run of the engine, so many minutes ago."""
    begin = timezone.now() - minutes(ago)
    values: dict[str, Any] = {
        "slot": begin.replace(second=0, microsecond=0),
        "started_at": begin,
        "finished_at": begin + timedelta(seconds=2.5),
        "engine": "host:17",
        "due": 2,
        "evaluated": 2,
        "queries": [{"query": "Tasks(since_days=1)", "seconds": 1.25, "rows": 612, "requests": 3, "error": ""}],
    }
    return Tick.objects.create(**(values | fields))


def delivery(of: Alarm, at: datetime, run: Tick | None = None, **fields: Any) -> Delivery:
    """A message that was given up after one attempt."""
    values: dict[str, Any] = {
        "channel": Channel.MAIL,
        "destinations": ["shift@example.org"],
        "subject": "[eic_failures] 1 new",
        "content": {},
        "outcome": Outcome.DEAD,
        "attempts_made": 1,
        "next_attempt_at": at,
    }
    made = Delivery.objects.create(alarm=of, tick=run, created_at=at, **(values | fields))
    Attempt.objects.create(delivery=made, at=at, outcome="refused", detail="550 no such user", duration_ms=12.0)
    return made


def world() -> dict[str, Any]:
    """Two alarms, one event in each state, a run with an evaluation, a message, a silence and a team."""
    failures, silent = alarm(), alarm("queue_silent", title="Queue silent", detector="queue_idle", parameters={})
    failures.recipients, failures.webhooks = (
        "@prodops shift@example.org",
        "mattermost https://chat.example/hooks/secret",
    )
    failures.severity = Severity.CRITICAL
    failures.save()
    run = tick()
    firing = event(failures)
    events = {
        "firing": firing,
        "acknowledged": event(silent, 4655, State.ACKNOWLEDGED, 90),
        "pending": event(failures, 4700, State.PENDING, 4),
        "resolved": event(failures, 4600, State.RESOLVED, 300, acknowledged_by="k.l", acknowledged_at=timezone.now()),
        "earlier": event(failures, 4711, State.RESOLVED, 900),
    }
    Change.objects.create(event=firing, at=run.started_at, what="told")
    Evaluation.objects.create(
        tick=run, alarm=failures, at=run.started_at, matches=2, new=[firing.pk], cleared=["gone"], duration_ms=4.2
    )
    Silence.objects.create(
        matchers='site="NERSC_*"',
        reason="Site informed",
        created_by="k.l",
        starts_at=timezone.now() - minutes(30),
        ends_at=timezone.now() + minutes(300),
    )
    Team.objects.create(name="@prodops", members="ops@example.org")
    message = delivery(failures, run.started_at, run)
    return {"alarm": failures, "other": silent, "run": run, "message": message, "events": events}


def addresses(found: dict[str, Any]) -> list[str]:
    """Every page that this world has, for anybody."""
    name, run = found["alarm"].name, found["run"].pk
    keys = [event.pk for event in found["events"].values()]
    return [
        "", "?hours=720", "?part=live", "events/", "events/?format=csv", "runs/", f"runs/{run}/", f"runs/{run}/{name}/",
        "silences/", f"{name}/", f"{found['other'].name}/", f"{name}/task/?key=task:4711", "history/?task=4711",
        "history/?site=BNL_OSG", *(f"events/{key}/" for key in keys),
    ]  # fmt: skip


def url(path: str) -> str:
    return f"/prod/alarms/{path}"
