"""What fires, as pages show it: from a copy in memory that follows the tables and asks them little."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from swf_remote.alarms.firing import STALE_SECONDS, WHOLE_LOOKS, FiringWatch
from swf_remote.alarms.models import Event, State
from swf_remote.web import frame
from tests.remote.alarms.rows import NOW, an_alarm, an_event
from tests.remote.caching.monitors import Monitor, cached
from tests.remote.caching.readers import NOBODY


def words(line: bytes) -> str:
    return " ".join(re.sub("<[^>]+>", " ", line.decode()).split())


@pytest.fixture
def counting() -> Iterator[None]:
    before = frame._Counting.firing
    yield
    frame.count_firing(before)


@pytest.mark.django_db
def test_a_firing_event_stands_at_its_task() -> None:
    event = an_event(an_alarm("failing"), "task:4711", {"task": "4711", "site": "BNL"})
    watch = FiringWatch()
    watch.look()
    assert words(watch.fill("task", "4711")) == "Warning : 1 alarm fires for this task"
    assert f'href="/prod/alarms/events/{event.pk}/"'.encode() in watch.fill("task", "4711")
    assert watch.fill("queue", "BNL") == watch.fill("task", "4712") == b""
    assert words(watch.fill("tasks", "")) == "Warning : 1 task has a firing alarm"


@pytest.mark.django_db
def test_an_event_of_a_site_stands_at_the_queue() -> None:
    an_event(an_alarm("down", severity="critical"), "site:BNL", {"site": "BNL"})
    watch = FiringWatch()
    watch.look()
    assert words(watch.fill("queue", "BNL")) == "Critical : 1 alarm fires for this queue"


@pytest.mark.django_db
def test_several_alarms_of_a_task_are_one_line_with_the_worst_and_a_link_to_all() -> None:
    an_event(an_alarm("one", severity="info"), "task:1", {"task": "1"})
    an_event(an_alarm("two", severity="critical"), "task:1", {"task": "1"}, state=State.ACKNOWLEDGED)
    watch = FiringWatch()
    watch.look()
    line = watch.fill("task", "1")
    assert words(line) == "Critical : 2 alarms fire for this task, 1 acknowledged"
    assert b"task=1" in line
    assert watch.number() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["task", "site"])
@pytest.mark.parametrize("number", [1, 2])
def test_the_link_of_a_line_opens(client: Client, kind: str, number: int) -> None:
    for one in range(number):
        an_event(an_alarm(f"alarm_{one}"), f"{kind}:47", {kind: "47"})
    watch = FiringWatch()
    watch.look()
    line = watch.fill({"task": "task", "site": "queue"}[kind], "47").decode()
    address = re.search('href="([^"]+)"', line)
    assert address
    page = client.get(address[1])
    assert page.status_code == 200
    assert f"{kind}:47 fails" in page.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("state", [State.PENDING, State.RESOLVED])
def test_what_does_not_fire_is_not_shown(state: State) -> None:
    an_event(an_alarm("quiet"), "task:1", {"task": "1"}, state=state)
    watch = FiringWatch()
    watch.look()
    assert watch.fill("task", "1") == b""
    assert watch.number() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        {"state": State.RESOLVED, "resolved_at": NOW},
        {"state": State.ACKNOWLEDGED, "acknowledged_at": NOW},
        {"severity": "critical"},
    ],
)
def test_any_change_is_seen_at_the_next_look(change: dict[str, object]) -> None:
    event = an_event(an_alarm("failing"), "task:1", {"task": "1"})
    watch = FiringWatch()
    watch.look()
    before = watch.fill("task", "1")
    Event.objects.filter(pk=event.pk).update(**change)
    watch.look()
    assert watch.fill("task", "1") != before


@pytest.mark.django_db
def test_while_nothing_changes_one_small_question_is_asked() -> None:
    an_event(an_alarm("failing"), "task:1", {"task": "1"})
    watch = FiringWatch()
    watch.look()
    for _ in range(WHOLE_LOOKS - 1):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            watch.look()
        assert len(asked) == 1
    with CaptureQueriesContext(connection) as asked:
        watch.look()
    assert len(asked) == 2


@pytest.mark.django_db
def test_without_a_database_there_is_no_badge_and_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    an_event(an_alarm("failing"), "task:1", {"task": "1"})
    watch = FiringWatch()
    watch.look()
    assert watch.fill("task", "1")

    def refuse(*_: object) -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as patched:
        patched.setattr("swf_remote.alarms.firing.counts", refuse)
        patched.setattr("swf_remote.alarms.firing.close_old_connections", lambda: None)
        watch.look_with_connection()
        watch.look_with_connection()
        assert watch.fill("task", "1") == b""
        assert watch.number() == 0
    watch.look()
    assert watch.fill("task", "1")


@pytest.mark.django_db
def test_what_was_read_long_ago_is_shown_no_more() -> None:
    """As while the database hangs, and a look does not come back."""
    an_event(an_alarm("failing"), "task:1", {"task": "1"})
    now = [100.0]
    watch = FiringWatch(monotonic=lambda: now[0])
    watch.look()
    now[0] += STALE_SECONDS - 1
    assert (bool(watch.fill("task", "1")), watch.number()) == (True, 1)
    now[0] += 1
    assert (watch.fill("task", "1"), watch.number()) == (b"", 0)
    watch.look()
    assert watch.number() == 1


@pytest.mark.django_db
def test_the_navigation_tells_how_many_fire(client: Client, counting: None) -> None:
    frame.count_firing(lambda: 3)
    entry = re.search(r'<a href="/prod/alarms/"[^>]*>(.*?)</a>', client.get("/prod/status/").content.decode())
    assert entry and words(entry[1].encode()) == "Alarms 3 firing"
    frame.count_firing(lambda: 0)
    assert "firing" not in client.get("/prod/status/").content.decode()


def test_pages_of_problems_tell_the_present_number(client: Client, counting: None) -> None:
    told = []
    for number in (3, 4):
        frame.count_firing(lambda number=number: number)
        page = client.get("/prod/status/", {"detail": "full"}, HTTP_ACCEPT="text/html", HTTP_X_REQUEST_ID="one")
        told.append(re.findall(r'bar-count">(\d)', page.content.decode()))
    assert told == [["3", "3"], ["4", "4"]]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
async def test_a_kept_page_follows_the_tables(monkeypatch: pytest.MonkeyPatch, counting: None) -> None:
    monkeypatch.setattr(FiringWatch.__init__, "__defaults__", (0.05, time.monotonic))
    monitor = Monitor()

    async def until(words: str, *, there: bool) -> None:
        async with asyncio.timeout(20):
            while (words in (reply := await gateway.ask("/prod/panda/tasks/1/", headers=NOBODY)).text) is not there:
                await asyncio.sleep(0.05)
        assert reply.headers["X-SWF-Cache"] == "hit"

    async with cached(monitor, fill=None) as gateway:
        await gateway.ask("/prod/panda/tasks/1/", headers=NOBODY)
        event = await sync_to_async(lambda: an_event(an_alarm("failing"), "task:1", {"task": "1"}))()
        await until("1 alarm fires for this task", there=True)
        await Event.objects.filter(pk=event.pk).aupdate(state=State.RESOLVED, resolved_at=NOW)
        await until("1 alarm fires", there=False)
    assert len(monitor.asked) == 1
