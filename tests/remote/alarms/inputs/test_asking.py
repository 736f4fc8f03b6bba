"""Questions to a monitor: each asked once, answered whole and correctly or not at all."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import Any

import pytest

from swf_remote.alarms.inputs.items import Activity, LinkWord
from swf_remote.alarms.inputs.queries import (
    ActivityOf,
    ErrorPatterns,
    InputError,
    Jobs,
    Query,
    Queues,
    Tasks,
    TheField,
    TheLink,
    TickFailures,
)
from swf_remote.proxy import link
from swf_remote.proxy.link import LinkRecord
from tests.remote.alarms.inputs.monitors import (
    NOW,
    STATUS,
    TASKS,
    WELL,
    activity,
    asked,
    asker_of,
    by_path,
    job,
    later,
    listing,
    monitor,
    one,
    page,
    said,
    targets,
    task,
)
from tests.remote.upstream.scripted import answer, scripted, wait_for_close

FIRST = f"{TASKS}&limit=200"
MANY = list(range(1000, 0, -2))
"""500 tasks: three pages."""


def words(found: Any) -> str:
    """Why there is no answer."""
    assert isinstance(found, InputError), found
    return str(found)


@pytest.fixture(autouse=True)
def nobody_looked_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the link nothing is known from other tests in this process."""
    monkeypatch.setattr(link._Installed, "record", LinkRecord(clock=link.utc_now))


async def test_tasks_of_all_pages_are_read_newest_first() -> None:
    found = await one(listing(MANY), Tasks(1))
    assert [each.jeditaskid for each in found] == MANY


async def test_a_task_is_read_with_its_times_in_utc_and_empty_names_for_null() -> None:
    (found,) = await one(listing([7]), Tasks(1))
    assert (found.site, found.username, found.nfailed, found.started) == ("", "Ann O'Dair", 3, None)
    assert found.modified.isoformat() == "2026-11-29T11:00:00+00:00"
    assert found.has_final_rate


async def test_a_task_that_was_never_modified_counts_by_its_creation() -> None:
    (found,) = await one(listing([7], lambda number: task(number, modificationtime=None)), Tasks(1))
    assert found.modified.isoformat() == "2026-11-22T23:07:32.568308+00:00"


async def test_equal_questions_are_one_request_and_their_pages_one_walk() -> None:
    async with monitor(listing(MANY)) as seen:
        await asked(seen, Tasks(1), Tasks(1), ActivityOf(1), ActivityOf(1))
    assert sorted(targets(seen)) == sorted(
        [FIRST, f"{FIRST}&before_id=602", f"{FIRST}&before_id=202", "api/panda/activity/?days=1"]
    )


async def test_different_questions_with_the_same_address_are_one_request() -> None:
    async with monitor(listing([])) as seen:
        found = await asked(seen, ActivityOf(1), TheField("activity/?days=1"))
    assert targets(seen) == ["api/panda/activity/?days=1"]
    assert isinstance(found[ActivityOf(1)], Activity)
    assert isinstance(found[TheField("activity/?days=1")], dict)


async def test_the_monitor_is_asked_without_a_name_and_for_gzip() -> None:
    async with monitor(listing([1])) as seen:
        await asked(seen, Tasks(1))
    assert seen.header_values("X-Remote-User") == []
    assert seen.header_values("Accept-Encoding") == ["gzip"]
    assert seen.header_values("Accept") == ["application/json"]


async def test_gzip_is_undone() -> None:
    body = gzip.compress(json.dumps(activity(BNL={"running": 4})).encode())
    zipped = answer(body, kind="application/json", headers=["Content-Encoding: gzip"])
    found = await one(by_path({"api/panda/activity/?days=1": zipped}), ActivityOf(1))
    assert found.by_site[0].of("running") == 4


async def test_no_more_than_four_requests_are_on_their_way_at_once() -> None:
    at_once: list[int] = []
    running = 0
    free = asyncio.Event()

    async def slow(connection: Any) -> None:
        nonlocal running
        while await connection.reader.readuntil(b"\r\n\r\n"):
            running += 1
            at_once.append(running)
            if running == 4:
                free.set()
            await free.wait()
            running -= 1
            connection.writer.write(said(activity()))

    async with scripted([slow]) as seen:
        await asked(seen, *(TheField(f"tasks/{number}/") for number in range(9)))
    assert max(at_once) == 4


async def test_what_was_asked_is_told_ready_for_json() -> None:
    async with monitor(listing(MANY)) as seen:
        asker = asker_of(seen.url)
        await asyncio.to_thread(asker.ask, [Tasks(1), Queues(), ActivityOf(1)], NOW)
    told = {each.pop("query"): each for each in json.loads(json.dumps(asker.told()))}
    assert all(each.pop("seconds") >= 0 for each in told.values())
    assert told == {
        "Tasks(days=1)": {"rows": 500, "requests": 3, "error": ""},
        "ActivityOf(days=1)": {"rows": None, "requests": 1, "error": ""},
        "Queues": {"rows": None, "requests": 1, "error": "this monitor does not offer api/panda/queues/"},
    }


@pytest.mark.parametrize("query", [Queues(), ErrorPatterns(1)])
async def test_what_a_monitor_does_not_offer_is_said_so(query: Query[Any]) -> None:
    assert words(await one(listing([]), query)).startswith("this monitor does not offer api/panda/")


async def test_what_a_monitor_offers_but_does_not_have_is_said_in_its_words() -> None:
    answers = by_path({"api/panda/tasks/1/": said({"error": "Task 1 not found"}, status="404 Not Found")})
    found = words(await one(answers, TheField("tasks/1/")))
    assert found == "the monitor answers api/panda/tasks/1/ with status 404: Task 1 not found"


async def test_error_patterns_are_read() -> None:
    pattern = {
        "error_source": "pilot", "error_code": 1305, "error_diag": "no space", "count": 40, "task_count": 2,
        "sites": ["BNL"], "users": ["ann"], "first_seen": "2026-11-29T01:00:00", "last_seen": None,
    }  # fmt: skip
    document = {"total_errors": 40, "count": 1, "errors": [pattern]}
    (found,) = await one(by_path({"api/panda/errors/?days=3&limit=200": document}), ErrorPatterns(3))
    assert (found.source, found.code, found.count, found.sites) == ("pilot", 1305, 40, ("BNL",))


async def test_queues_are_read_as_they_are_now() -> None:
    queue = {
        "panda_queue": "BNL", "status": "online", "running": 900, "waiting": 800, "running_now": 9, "waiting_now": 8,
        "finished": 70, "failed": 6, "last_job_end": None,
    }  # fmt: skip
    found = await one(by_path({"api/panda/queues/?hours=24": {"queues": [queue], "count": 1}}), Queues())
    assert [(each.name, each.running, each.waiting) for each in found] == [("BNL", 9, 8)]


async def test_of_jobs_only_the_newest_are_read() -> None:
    first = "api/panda/jobs/?days=7&status=running"
    found = await one(listing(list(range(2500, 0, -1)), job, first), Jobs("running", 7, most=1500))
    assert [each.pandaid for each in found] == list(range(2500, 1000, -1))


async def test_a_job_state_that_is_no_word_is_not_sent() -> None:
    async with monitor(listing([])) as seen:
        found = await asked(seen, Jobs("running&site=BNL"))
    assert "a state is a word" in words(found[Jobs("running&site=BNL")])
    assert targets(seen) == []


async def test_an_answer_is_given_as_it_is() -> None:
    document = {"jeditaskid": 4711, "datasets": [{"nfiles": 3}]}
    assert await one(by_path({"api/panda/tasks/4711/": document}), TheField("tasks/4711/")) == document


@pytest.mark.parametrize(
    "path",
    [
        "../users/", "tasks/../../users/", "tasks/%2e%2e/users/", "/api/users/", "//evil.example/", "\\\\evil",
        "http://evil.example/", "tasks/ HTTP/1.1\r\nX: y", "tasks/?a=b#c", "", "?days=1", ".hidden/", "tasks/..",
        "tasks/?q=\u00e4", "t" * 600,
    ],
)  # fmt: skip
async def test_no_address_leads_out_of_the_rest_interface(path: str) -> None:
    async with monitor(listing([])) as seen:
        found = await asked(seen, TheField(path))
    assert "is no address below api/panda/" in words(found[TheField(path)])
    assert targets(seen) == []


async def test_what_only_readers_with_a_login_may_see_is_not_asked() -> None:
    async with monitor(listing([])) as seen:
        found = await asked(seen, TheField("task-operations/4711/"))
    assert "is not shown to everybody" in words(found[TheField("task-operations/4711/")])
    assert targets(seen) == []


async def test_a_question_that_is_not_for_monitors_gets_no_answer() -> None:
    assert "no monitor answers TickFailures" in words(await one(listing([]), TickFailures()))


def short_page(target: str) -> bytes:
    return said(page([task(number) for number in range(150, 0, -1)], 500, more=True))


def looping(target: str) -> bytes:
    return said(page([task(number) for number in range(400, 200, -1)], 500, more=True))


def skipping(target: str) -> bytes:
    return said(page([task(number) for number in range(400, 200, -1)], 500, more=True, next_before_id=100))


def without_cursor(target: str) -> bytes:
    return said(page([task(number) for number in range(400, 200, -1)], 500, more=True, next_before_id=None))


def less_than_announced(target: str) -> bytes:
    return said(page([task(number) for number in range(14, 0, -1)], 15))


def last_page_lacks_one(target: str) -> bytes:
    if "before_id" in target:
        return said(page([task(number) for number in range(200, 151, -1)], 250))
    return said(page([task(number) for number in range(400, 200, -1)], 250, more=True))


def empty_second_page(target: str) -> bytes:
    return said(page([], 400)) if "before_id" in target else looping(target)


def other_window(target: str) -> bytes:
    return said(page([task(1)], 1, filters={"days": 7}))


def twice_the_same(target: str) -> bytes:
    return said(page([task(2), task(2)], 2))


def a_page(document: Any) -> Any:
    """This one page."""
    return lambda target: said(document)


def a_task(**fields: Any) -> Any:
    """A page with one task like this."""
    return a_page(page([task(1, **fields)], 1))


def lacking(name: str) -> Any:
    """A page with one task that lacks a field."""
    return a_page(page([{key: value for key, value in task(1).items() if key != name}], 1))


def bytes_of(answered: bytes) -> Any:
    """These bytes."""
    return lambda target: answered


WHOLE = said(page([task(1)], 1))
ZIPPED = gzip.compress(json.dumps(page([task(1)], 1)).encode())
FAULTS = {
    "short page": (short_page, "holds 150 rows, 200 belong on it"),
    "too long page": (a_page(page([task(n) for n in range(250, 0, -1)], 250)), "holds 250 rows, 200 belong on it"),
    "loop": (looping, "goes in a circle"),
    "cursor that skips": (skipping, "goes on at 100, its last row is 201"),
    "no cursor": (without_cursor, "goes on at None"),
    "less than announced": (less_than_announced, "announces 15 rows and holds 14"),
    "last page lacks one": (last_page_lacks_one, "announces 250 rows and holds 249"),
    "empty second page": (empty_second_page, "ends earlier than its pages announce"),
    "another window": (other_window, "is about 7 days, asked for: 1"),
    "same row twice": (twice_the_same, "goes in a circle"),
    "no list": (a_page([task(1)]), "a page of the list is a list and not an object"),
    "page without items": (a_page({"total_count": 0}), "lacks the field items"),
    "null": (a_page(None), "is null and not an object"),
    "row that is no object": (a_page(page([task(1)], 1) | {"items": [4]}), "a task is a whole number"),
    "missing counter": (lacking("nfailed"), "a task lacks the field nfailed"),
    "missing rate": (lacking("computed_failurerate"), "a task lacks the field computed_failurerate"),
    "counter as text": (a_task(nfailed="3"), "a task has a text in the field nfailed"),
    "counter as truth": (a_task(nfailed=True), "a task has true or false in the field nfailed"),
    "null counter": (a_task(nfailed=None), "a task has null in the field nfailed"),
    "time that is none": (a_task(modificationtime="yesterday"), "'yesterday' in the field modificationtime"),
    "no time at all": (a_task(modificationtime=None, creationdate=None), "neither modificationtime nor creationdate"),
    "not a number": (bytes_of(answer(b'{"items": NaN}', kind="application/json")), "is no JSON"),
    "no JSON": (bytes_of(answer(b"ok")), "is no JSON; it begins 'ok'"),
    "empty": (bytes_of(answer(b"")), "is no JSON"),
    "not UTF-8": (bytes_of(answer(b"\xff\xfe{}")), "is no JSON"),
    "deep": (bytes_of(answer(b"[" * 100_000)), "is no JSON"),
    "login page": (bytes_of(answer(b"<!DOCTYPE html><title>Login", kind="text/html")), "a page in place of JSON"),
    "to a login": (
        bytes_of(answer(status="302 Found", headers=["Location: /swf-monitor/accounts/login/?next=/"])),
        "asks for a login",
    ),
    "elsewhere": (bytes_of(answer(status="301 Moved", headers=["Location: /x/"])), "leads elsewhere (status 301)"),
    "refused": (bytes_of(said({"error": "days must be >= 1"}, status="400 Bad")), "status 400: days must be >= 1"),
    "forbidden": (bytes_of(said({"detail": "No."}, status="403 Forbidden")), "with status 403: No."),
    "broken": (bytes_of(answer(b"<h1>", status="500 Error", kind="text/html")), "with status 500"),
    "down": (bytes_of(answer(status="503 Busy")), "with status 503"),
    "cut": (bytes_of(WHOLE[:-30]), "broke off"),
    "nothing": (bytes_of(b""), "closed the connection without an answer"),
    "no HTTP": (bytes_of(b"220 mail.example ESMTP\r\n\r\n"), "does not speak HTTP"),
    "gzip cut": (
        bytes_of(answer(ZIPPED[:-9], headers=["Content-Encoding: gzip"])),
        "the encoded body ends early",
    ),
    "no gzip": (bytes_of(answer(b"plain", headers=["Content-Encoding: gzip"])), "is not encoded as its head says"),
    "strange coding": (bytes_of(answer(b"x", headers=["Content-Encoding: rot13"])), "is coded as 'rot13'"),
    "too large": (bytes_of(answer(b"[" + b" " * 16_000_000 + b"]")), "is larger than 16,000,000 bytes"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_list_that_is_not_whole_and_correct_is_no_answer(fault: str) -> None:
    """Contract 5.1 and 5.2: every fault says what is wrong, and where."""
    answers, expected = FAULTS[fault]

    async with scripted([_once(answers)]) as seen:
        found = (await asked(seen, Tasks(1)))[Tasks(1)]
    assert expected in words(found)
    assert "api/panda/tasks/?days=1" in words(found)


def _once(answers: Any) -> Any:
    """One answer a connection, so that what is cut off is cut off."""

    async def step(connection: Any) -> None:
        head = await connection.reader.readuntil(b"\r\n\r\n")
        connection.seen.heads.append(head)
        connection.writer.write(answers(head.split(b" ")[1].decode()))
        await connection.writer.drain()

    return step


async def test_rows_that_come_and_go_while_the_list_is_read_are_no_fault() -> None:
    """The announced total moves by one, and one row less is found."""

    def moving(target: str) -> bytes:
        if "before_id" in target:
            return said(page([task(number) for number in range(200, 151, -1)], 249))
        return said(page([task(number) for number in range(400, 200, -1)], 250, more=True))

    assert len(await one(moving, Tasks(1))) == 249


async def test_a_count_that_was_wrong_once_is_looked_at_again() -> None:
    seen: list[str] = []

    def first_wrong(target: str) -> bytes:
        seen.append(target)
        return said(page([task(2), task(1)], 3 if len(seen) == 1 else 2))

    assert len(await one(first_wrong, Tasks(1))) == 2
    assert len(seen) == 2


async def test_a_monitor_that_tells_no_final_failures_is_read_all_the_same() -> None:
    def older(number: int) -> dict[str, Any]:
        final = {"nfinalfailed", "nfilesfinished", "computed_finalfailurerate"}
        return {key: value for key, value in task(number).items() if key not in final}

    (found,) = await one(listing([1], older), Tasks(1))
    assert not found.has_final_rate
    assert found.final_failure_rate is None


async def test_one_fault_does_not_touch_the_other_answers() -> None:
    answers = by_path({FIRST: page([task(1)], 2), "api/panda/activity/?days=1": activity(BNL={"running": 4})})
    async with monitor(answers) as seen:
        found = await asked(seen, Tasks(1), ActivityOf(1))
    assert "announces 2 rows" in words(found[Tasks(1)])
    assert found[ActivityOf(1)].total == 4


async def test_a_state_without_a_count_is_no_answer() -> None:
    bad = activity(BNL={"running": 1})
    bad["jobs"]["by_site"][0]["running"] = "one"
    assert "a row of by_site has a text in the field running" in words(
        await one(by_path({"api/panda/activity/?days=1": bad}), ActivityOf(1))
    )


async def test_a_monitor_that_is_not_there_answers_nothing() -> None:
    found = await asyncio.to_thread(asker_of("http://127.0.0.1:9/swf-monitor").ask, [Tasks(1), ActivityOf(1)], NOW)
    assert "its entrance refuses connections" in words(found[Tasks(1)])
    assert "its entrance refuses connections" in words(found[ActivityOf(1)])


async def test_what_is_not_there_in_time_is_given_up() -> None:
    def half(target: str) -> bytes:
        return said(activity(BNL={"running": 4})) if "activity" in target else WHOLE[:-30]

    async with monitor(half) as seen:
        found = await asyncio.to_thread(asker_of(seen.url, 1.0).ask, [Tasks(1), ActivityOf(1)], NOW)
    assert words(found[Tasks(1)]) == "the monitor was not heard to the end within 1 s"
    assert found[ActivityOf(1)].total == 4


async def test_a_link_that_stands_is_up_with_the_time_of_the_data() -> None:
    found = await one(by_path({STATUS: WELL}), TheLink())
    assert found == LinkWord(True, NOW, "", NOW.replace(hour=11, minute=59))


async def test_the_time_of_the_data_itself_goes_before_that_of_the_last_check() -> None:
    """Our monitor tells it, the laboratory's does not."""
    status = WELL | {"overall_status": "error", "data_as_of": "2026-11-29T10:30:00+00:00"}
    found = await one(by_path({STATUS: status}), TheLink())
    assert (found.up, found.data_as_of) == (True, NOW.replace(hour=10, minute=30))


async def test_a_monitor_that_does_not_tell_the_time_of_its_data_is_up_all_the_same() -> None:
    assert await one(by_path({STATUS: WELL | {"latest_checked_at": None}}), TheLink()) == LinkWord(True, NOW, "", None)


async def test_a_tunnel_that_refuses_is_down_since_it_was_first_seen() -> None:
    asker = asker_of("http://127.0.0.1:9/swf-monitor")
    first = await asyncio.to_thread(asker.ask, [TheLink()], NOW)
    again = await asyncio.to_thread(asker.ask, [TheLink()], later(5))
    assert first[TheLink()] == again[TheLink()] == LinkWord(False, NOW, "tunnel", None)


async def test_a_monitor_that_answers_with_errors_is_down() -> None:
    found = await one(by_path({STATUS: answer(status="502 Bad Gateway")}), TheLink())
    assert (found.up, found.broken_at) == (False, "monitor")


async def test_a_monitor_whose_status_page_breaks_off_while_it_answers_others_is_only_busy() -> None:
    def busy(target: str) -> bytes:
        return b"" if target == STATUS else said(activity(BNL={"running": 4}))

    async with monitor(busy) as seen:
        found = await asked(seen, TheLink(), ActivityOf(1))
    assert found[TheLink()].up
    async with monitor(busy) as seen:
        found = await asked(seen, TheLink())
    assert (found[TheLink()].up, found[TheLink()].broken_at) == (False, "monitor")


async def test_a_monitor_that_says_nothing_is_down_and_told_in_time() -> None:
    async with scripted([wait_for_close()]) as seen:
        found = await asyncio.to_thread(asker_of(seen.url, 1.0).ask, [TheLink()], NOW)
    assert found[TheLink()] == LinkWord(False, NOW, "monitor", None)
