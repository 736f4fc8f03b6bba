"""The rules of evidence once more, in plain SQL on an SQLite file, written from their table of words alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

CODES = {
    "brokerage": "brokerageerrorcode",
    "ddm": "ddmerrorcode",
    "executor": "exeerrorcode",
    "dispatcher": "jobdispatchererrorcode",
    "pilot": "piloterrorcode",
    "supervisor": "superrorcode",
    "taskbuffer": "taskbuffererrorcode",
}
_COLUMNS = ", ".join(
    (
        *("jeditaskid", "jobstatus", "computingsite", "produsername"),
        *("creationtime", "starttime", "statechangetime", "modificationtime"),
        *CODES.values(),
    )
)
JOBS = f"(SELECT {_COLUMNS} FROM jobsactive4 UNION ALL SELECT {_COLUMNS} FROM jobsarchived4)"
ERRORS = " UNION ALL ".join(
    f"SELECT '{name}:' || {column} AS error, jeditaskid, statechangetime FROM {JOBS} "
    f"WHERE jobstatus = 'failed' AND {column} <> 0"
    for name, column in CODES.items()
)
RATIO = """
    SELECT {subject} FROM {jobs} j JOIN jedi_tasks t USING (jeditaskid)
    WHERE j.jobstatus IN ('finished', 'failed') AND j.statechangetime > :hour_ago
    GROUP BY 1 HAVING count(*) >= 20 AND sum(j.jobstatus = 'failed') * 3 >= count(*) * 2
"""
RISING = f"""
    SELECT 'error:' || error FROM ({ERRORS}) WHERE statechangetime > :day_before
    GROUP BY error
    HAVING sum(statechangetime > :hour_ago) >= 20
       AND count(DISTINCT CASE WHEN statechangetime > :hour_ago THEN jeditaskid END) >= 2
       AND sum(statechangetime > :hour_ago) * 24 >= 5 * sum(statechangetime <= :hour_ago)
"""
FAILING_TASK = f"""
    SELECT 'task:' || t.jeditaskid FROM jedi_tasks t JOIN jedi_datasets d USING (jeditaskid)
    WHERE t.status IN ('running', 'failed', 'broken') AND t.modificationtime >= :day_ago
      AND d.type IN ('input', 'pseudo_input') AND d.masterid IS NULL
      AND (SELECT count(*) FROM {JOBS} j
           WHERE j.jeditaskid = t.jeditaskid AND j.jobstatus IN ('finished', 'failed')
             AND j.modificationtime >= :day_before) >= 5
    GROUP BY t.jeditaskid
    HAVING sum(nfilesfailed) > 0 AND sum(nfilesfailed) >= 0.05 * (sum(nfilesfailed) + sum(nfilesfinished))
"""
STUCK = f"""
    SELECT 'task:' || t.jeditaskid FROM jedi_tasks t JOIN {JOBS} j USING (jeditaskid)
    WHERE t.status = 'running' AND t.statechangetime <= :four_hours_ago AND j.modificationtime >= :day_before
    GROUP BY t.jeditaskid
    HAVING sum(j.jobstatus IN ('activated', 'sent', 'starting', 'running', 'holding', 'transferring')) >= 40
       AND sum(j.jobstatus IN ('finished', 'failed') AND j.statechangetime > :four_hours_ago
               AND j.statechangetime <= :hour_ago) >= 20
       AND sum(j.jobstatus IN ('finished', 'failed') AND j.statechangetime > :hour_ago) = 0
"""
IDLE = f"""
    SELECT panda_queue FROM schedconfig_json q
    WHERE json_extract(data, '$.status') = 'online'
      AND NOT EXISTS (SELECT 1 FROM {JOBS} j WHERE j.computingsite = q.panda_queue AND j.starttime > :half_hour_ago)
      AND (SELECT count(*) FROM {JOBS} j WHERE j.computingsite = q.panda_queue AND j.modificationtime >= :day_before
             AND j.starttime > :before_that AND j.starttime <= :half_hour_ago) >= 60
"""
WAITS = f"""
    SELECT (julianday(starttime) - julianday(creationtime)) FROM {JOBS}
    WHERE computingsite = :site AND starttime IS NOT NULL AND modificationtime >= :day_before ORDER BY 1
"""
WAITING = f"""
    SELECT (julianday(:now) - julianday(creationtime)) FROM {JOBS}
    WHERE computingsite = :site AND starttime IS NULL AND jobstatus = 'activated' AND modificationtime >= :day_before
"""


def found(path: Path, now: datetime) -> dict[str, set[str]]:
    """The subjects of every kind for which its rule holds."""
    with closing(sqlite3.connect(path)) as connection:
        ask = _asker(connection, now)
        return {
            "site-failure-ratio": ask(RATIO.format(jobs=JOBS, subject="'site:' || j.computingsite")),
            "user-failure-ratio": ask(RATIO.format(jobs=JOBS, subject="'user:' || j.produsername")),
            "campaign-failure-ratio": ask(RATIO.format(jobs=JOBS, subject="'campaign:' || t.campaign")),
            "error-rising": ask(RISING),
            "task-failure-ratio": ask(FAILING_TASK),
            "task-stuck": ask(STUCK),
            "site-idle": {f"site:{site}" for site in ask(IDLE) if _long_waits(connection, now, site) >= 20},
        }


def moments(now: datetime) -> dict[str, str]:
    """The times that the rules speak of, as SQLite holds them."""
    hours = {"now": 0, "half_hour_ago": 0.5, "hour_ago": 1, "before_that": 3.5, "four_hours_ago": 4, "day_ago": 24}
    return {
        name: (now - timedelta(hours=count)).isoformat(" ", "microseconds")
        for name, count in (hours | {"day_before": 25}).items()
    }


def _asker(connection: sqlite3.Connection, now: datetime) -> Callable[[str], set[str]]:
    return lambda query: {row[0] for row in connection.execute(query, moments(now))}


def _long_waits(connection: sqlite3.Connection, now: datetime, site: str) -> int:
    values: dict[str, Any] = moments(now) | {"site": site}
    waits = [row[0] for row in connection.execute(WAITS, values)]
    usual = (waits[(len(waits) - 1) // 2] + waits[len(waits) // 2]) / 2
    return sum(row[0] > usual for row in connection.execute(WAITING, values))
