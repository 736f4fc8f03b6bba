"""Monitors for tests of the questions: they answer each address with exactly what a test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from swf_remote.alarms.inputs.asking import Asker
from swf_remote.alarms.inputs.queries import Query
from swf_remote.alarms.inputs.recordings import Recordings
from tests.remote.gateways import settings_for
from tests.remote.upstream.scripted import HEAD_END, Connection, Scripted, answer, scripted

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
TASKS = "api/panda/tasks/?days=1"
STATUS = "panda/system/status.json"
WELL = {"overall_status": "ok", "overall_reason": "", "latest_checked_at": "2026-11-29T11:59:00+00:00", "counts": {}}

Answers = Callable[[str], bytes]
"""From an address below the mount to the bytes of an answer; nothing: the connection is closed."""


def task(number: int, **fields: Any) -> dict[str, Any]:
    """A task as ``api/panda/tasks/`` lists it (contract 5.2)."""
    return {
        "jeditaskid": number, "taskname": f"epic.{number}", "status": "running", "username": "Ann O'Dair",
        "workinggroup": "EIC", "processingtype": "epicproduction", "site": None,
        "creationdate": "2026-11-22T23:07:32.568308", "starttime": None, "endtime": None,
        "modificationtime": "2026-11-29T11:00:00", "nactive": 17, "nfinished": 13, "nfailed": 3, "nrunning": 12,
        "nretries": 0, "nfinalfailed": 3, "nfilesfinished": 13, "computed_failurerate": 0.1875,
        "computed_finalfailurerate": 0.1875, "computed_progress": 48, **fields,
    }  # fmt: skip


def job(number: int, **fields: Any) -> dict[str, Any]:
    """A job as ``api/panda/jobs/`` lists it (contract 5.3)."""
    return {
        "pandaid": number, "jeditaskid": 7, "jobstatus": "running", "computingsite": "BNL", "produsername": "ann",
        "creationtime": "2026-11-29T01:00:00", "starttime": "2026-11-29T02:00:00", "endtime": None,
        "modificationtime": "2026-11-29T11:00:00", "corecount": None, **fields,
    }  # fmt: skip


def page(items: list[dict[str, Any]], total: int, *, more: bool = False, **fields: Any) -> dict[str, Any]:
    """A page of a list."""
    last = (items[-1].get("jeditaskid") or items[-1].get("pandaid")) if items else None
    if items and "pandaid" in items[-1]:
        last = items[-1]["pandaid"]
    return {
        "items": items, "total_count": total, "has_more": more, "next_before_id": last if more else None,
        "summary": {}, "filters": {"days": 1}, **fields,
    }  # fmt: skip


def activity(**sites: dict[str, int]) -> dict[str, Any]:
    """Jobs by site."""
    rows = [{"site": name, "total": sum(states.values()), **states} for name, states in sites.items()]
    jobs = {"total": sum(row["total"] for row in rows), "by_status": {}, "by_user": [], "by_site": rows}
    return {"jobs": jobs, "tasks": {}, "filters": {"days": 1}}


def said(document: Any, **options: Any) -> bytes:
    """A document as an answer."""
    return answer(json.dumps(document).encode(), kind="application/json", **options)


def listing(numbers: list[int], make: Callable[[int], dict[str, Any]] = task, first: str = TASKS) -> Answers:
    """A correct monitor with these tasks, newest first, and an activity."""

    def answers(target: str) -> bytes:
        if target.startswith(first):
            words = dict(part.split("=") for part in target.partition("?")[2].split("&"))
            limit, before = int(words["limit"]), int(words.get("before_id", 10**9))
            rest = [number for number in numbers if number < before]
            found = [make(number) for number in rest[:limit]]
            return said(page(found, len(numbers), more=len(rest) > limit, filters={"days": int(words["days"])}))
        return by_path({STATUS: WELL, "api/panda/activity/?days=1": activity(BNL={"running": 4})})(target)

    return answers


def by_path(documents: Mapping[str, Any]) -> Answers:
    """These documents, and 404 for everything else; bytes are sent as they are."""

    def answers(target: str) -> bytes:
        found = documents.get(target)
        if found is None:
            return answer(b"<h1>Not Found</h1>", status="404 Not Found", kind="text/html")
        return found if isinstance(found, bytes) else said(found)

    return answers


def speaking(answers: Answers) -> Callable[[Connection], Any]:
    """Answer one request after the other."""

    async def step(connection: Connection) -> None:
        while True:
            head = await connection.reader.readuntil(HEAD_END)
            connection.seen.heads.append(head)
            target = head.split(b" ")[1].decode().removeprefix("/swf-monitor/")
            found = answers(target)
            if not found:
                return
            connection.writer.write(found)
            await connection.writer.drain()

    return step


@asynccontextmanager
async def monitor(answers: Answers) -> AsyncIterator[Scripted]:
    """A monitor that answers like this."""
    async with scripted([speaking(answers)]) as running:
        yield running


def targets(seen: Scripted) -> list[str]:
    """Addresses that were asked, below the mount."""
    return [head.split(b" ")[1].decode().removeprefix("/swf-monitor/") for head in seen.heads]


def asker_of(url: str, seconds: float = 30.0) -> Asker:
    """An asker in front of this monitor, which keeps no counters."""
    return Asker(settings_for(url), Recordings(0), seconds)


async def asked(seen: Scripted, *queries: Query[Any]) -> dict[Query[Any], Any]:
    """What a monitor's answers become."""
    return await asyncio.to_thread(asker_of(seen.url).ask, queries, NOW)


async def one(answers: Answers, query: Query[Any]) -> Any:
    """The answer to one question."""
    async with monitor(answers) as seen:
        return (await asked(seen, query))[query]


def later(minutes: float) -> datetime:
    """After the present of all tests."""
    return NOW + timedelta(minutes=minutes)
