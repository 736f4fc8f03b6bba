"""The stream of what fires, on a real server, and the page that notifies by it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from asgiref.sync import sync_to_async

from swf_remote.alarms import live
from swf_remote.alarms.models import Event, State
from swf_remote.web import event_streams
from tests.remote.alarms.rows import NOW, an_alarm, an_event
from tests.remote.gateways import Gateway, free_port, gateway
from tests.remote.status.test_stream import Events

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
PATH = "/prod/alarms/stream/"


@asynccontextmanager
async def listening(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Gateway, Events]]:
    plain = live.LiveAlarms.__init__
    monkeypatch.setattr(
        live.LiveAlarms,
        "__init__",
        lambda self, *given: plain(self, *given, period=0.05),  # type: ignore[misc]
    )
    async with (
        gateway(f"http://127.0.0.1:{free_port()}/swf-monitor") as one,
        one.session.get(f"{one.url}{PATH}", headers={"Accept": "text/event-stream"}) as answer,
    ):
        yield one, Events(answer)


async def heard(events: Events) -> dict[str, Any]:
    name, data = await events.next()
    assert name == "firing"
    found = json.loads(data)
    assert isinstance(found, dict)
    return found


async def test_what_begins_to_fire_is_told_to_all_who_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    alarm = await sync_to_async(an_alarm)("failing")
    async with listening(monkeypatch) as (_, events):
        assert await heard(events) == {"firing": 0, "acknowledged": 0, "newest": []}
        made = await sync_to_async(an_event)(alarm, "task:4711", {"task": "4711"})
        assert await heard(events) == {
            "firing": 1,
            "acknowledged": 0,
            "newest": [
                {
                    "id": made.pk,
                    "alarm": "failing",
                    "severity": "warning",
                    "subject": "task:4711 fails",
                    "fired_at": "2026-11-20T12:00:00Z",
                    "url": f"/prod/alarms/events/{made.pk}/",
                }
            ],
        }
        await Event.objects.aupdate(state=State.ACKNOWLEDGED, acknowledged_at=NOW)
        assert await heard(events) == {"firing": 0, "acknowledged": 1, "newest": []}


async def test_the_stream_names_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    alarm = await sync_to_async(an_alarm)("failing")
    await sync_to_async(an_event)(alarm, "task:1", {}, subject='by "anna@lab.example" <b@lab.example>')
    async with listening(monkeypatch) as (_, events):
        found = await heard(events)
    assert "lab.example" not in json.dumps(found)


async def test_who_is_one_too_many_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_streams, "MOST_LISTENERS", 1)
    async with listening(monkeypatch) as (one, events):
        await heard(events)
        reply = await one.ask(PATH, headers={"Accept": "text/event-stream"})
        assert reply.status == 503


async def test_only_reading_is_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    async with (
        listening(monkeypatch) as (one, _),
        aiohttp.ClientSession() as session,
        session.post(f"{one.url}{PATH}", headers={"Sec-Fetch-Site": "same-origin"}) as answer,
    ):
        assert answer.status == 405
