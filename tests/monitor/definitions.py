"""The contract's definitions as SQL text, for checking the monitor's figures without any of its code."""

from __future__ import annotations

from datetime import datetime, timedelta

JOBS = """(
    SELECT pandaid, jeditaskid, jobstatus, produsername, computingsite, workinggroup, attemptnr, maxattempt,
           modificationtime, endtime FROM jobsactive4
    UNION ALL
    SELECT pandaid, jeditaskid, jobstatus, produsername, computingsite, workinggroup, attemptnr, maxattempt,
           modificationtime, endtime FROM jobsarchived4
)"""

IN_TASK_WINDOW = """COALESCE(modificationtime, creationdate) >= :since
    AND (status IN ('done', 'failed', 'aborted', 'broken', 'finished') OR creationdate >= :forgotten)"""

ACTIVE = (
    "('defined', 'waiting', 'assigned', 'activated', 'sent', 'starting', 'running', "
    "'holding', 'transferring', 'merging')"
)

TASK_COUNTS = f"""
    SELECT t.jeditaskid,
        (SELECT COUNT(*) FROM {JOBS} WHERE jeditaskid = :task AND jobstatus IN {ACTIVE}) AS nactive,
        (SELECT COUNT(*) FROM {JOBS} WHERE jeditaskid = :task AND jobstatus = 'finished') AS nfinished,
        (SELECT COUNT(*) FROM {JOBS} WHERE jeditaskid = :task AND jobstatus = 'failed') AS nfailed,
        (SELECT COUNT(*) FROM {JOBS} WHERE jeditaskid = :task AND jobstatus = 'running') AS nrunning,
        (SELECT COUNT(*) FROM {JOBS} WHERE jeditaskid = :task AND attemptnr > 1) AS nretries,
        (SELECT COALESCE(SUM(attemptnr - 1), 0) FROM {JOBS}
            WHERE jeditaskid = :task AND jobstatus = 'finished') AS nretries_finished,
        (SELECT MAX(maxattempt) FROM {JOBS} WHERE jeditaskid = :task) AS maxattempt,
        (SELECT COALESCE(SUM(nfilesfailed), 0) FROM jedi_datasets WHERE jeditaskid = :task
            AND masterid IS NULL AND type IN ('input', 'pseudo_input')) AS nfinalfailed,
        (SELECT COALESCE(SUM(nfilesfinished), 0) FROM jedi_datasets WHERE jeditaskid = :task
            AND masterid IS NULL AND type IN ('input', 'pseudo_input')) AS nfilesfinished
    FROM jedi_tasks t WHERE t.jeditaskid = :task"""


def moment(value: datetime) -> str:
    """A time as SQLite stores it."""
    return value.strftime("%Y-%m-%d %H:%M:%S.%f")


def task_window(now: datetime, days: int) -> dict[str, str]:
    """Parameters of `IN_TASK_WINDOW`."""
    return {"since": moment(now - timedelta(days=days)), "forgotten": moment(now - timedelta(days=60))}


def job_window(now: datetime, days: int) -> str:
    """The beginning of a window of jobs by modification time."""
    return moment(now - timedelta(days=days))
