"""The contract's definitions of job lists as SQL, and how to read table cells; no code of the monitor."""

from __future__ import annotations

import html
import re
import sqlite3
from datetime import datetime, timedelta
from typing import Any

# Named one by one: the official tables have the same columns in different orders.
_COLUMNS = """pandaid, jeditaskid, reqid, produsername, jobstatus, computingsite, transformation, processingtype,
    creationtime, starttime, endtime, modificationtime, corecount, nevents, noutputdatafiles, outputfilebytes,
    destinationse, transexitcode, brokerageerrorcode, brokerageerrordiag, ddmerrorcode, ddmerrordiag, exeerrorcode,
    exeerrordiag, jobdispatchererrorcode, jobdispatchererrordiag, piloterrorcode, piloterrordiag, superrorcode,
    superrordiag, taskbuffererrorcode, taskbuffererrordiag"""
JOBS = f"(SELECT {_COLUMNS} FROM jobsactive4 UNION ALL SELECT {_COLUMNS} FROM jobsarchived4)"
IN_WINDOW = "modificationtime >= :since"
FAULTY = "('failed', 'cancelled', 'closed')"
CODES = {
    "brokerage": "brokerageerrorcode",
    "ddm": "ddmerrorcode",
    "executor": "exeerrorcode",
    "dispatcher": "jobdispatchererrorcode",
    "pilot": "piloterrorcode",
    "supervisor": "superrorcode",
    "taskbuffer": "taskbuffererrorcode",
}


def stored(moment: datetime) -> str:
    """A time as SQLite keeps it."""
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def since(now: datetime, days: int) -> dict[str, str]:
    """The parameter of `IN_WINDOW`."""
    return {"since": stored(now - timedelta(days=days))}


def rows(sql: sqlite3.Connection, now: datetime, days: int, condition: str = "1", **values: Any) -> list[sqlite3.Row]:
    """The jobs of a window that meet a condition, newest id first."""
    query = f"SELECT * FROM {JOBS} WHERE {IN_WINDOW} AND {condition} ORDER BY pandaid DESC"
    return sql.execute(query, {**since(now, days), **values}).fetchall()


def text(cell: Any) -> str:
    """What a reader sees of a cell."""
    return html.unescape(re.sub(r"<[^>]+>", "", str(cell)))


def links(markup: str) -> list[str]:
    """The addresses a piece of markup links to."""
    return [html.unescape(address) for address in re.findall(r'href="([^"]*)"', markup)]


def printed(moment: str | None) -> str:
    """A stored time as cells print it; PanDA's 1970 means not set."""
    if not moment or moment.startswith("1970"):
        return ""
    return datetime.fromisoformat(moment).strftime("%Y%m%d %H:%M:%S")
