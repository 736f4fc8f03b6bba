"""PanDA's rules as a checker of tables, written from the rules themselves and sharing nothing with the simulator.

`Tables` holds rows as a database would and takes a simulator's row changes. `violations` looks at all of them and
says in words what is wrong; an empty list means that everything holds.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

Row = dict[str, Any]

KEYS = {
    "jedi_datasets": ("jeditaskid", "datasetid"),
    "jedi_dataset_contents": ("jeditaskid", "datasetid", "fileid"),
    "jedi_tasks": ("jeditaskid",),
    "jobsdefined4": ("pandaid",),
    "jobsactive4": ("pandaid",),
    "jobsarchived4": ("pandaid",),
    "filestable4": ("row_id",),
    "harvester_workers": ("harvesterid", "workerid"),
    "task_attempts": ("jeditaskid", "attemptnr"),
}
WAITING = {"pending", "defined", "waiting", "assigned"}
TERMINAL = {"finished", "failed", "cancelled", "closed"}
KILLABLE = WAITING | {"activated", "throttled", "sent", "starting", "running", "holding", "transferring", "merging"}

JOB_ROADS = """
pending defined
defined assigned
assigned activated
pending activated
defined activated
activated sent
sent starting
sent running
activated starting
starting running
running holding
running transferring
holding transferring
holding merging
holding finished
transferring finished
merging finished
activated throttled
throttled activated
sent failed
starting failed
running failed
holding failed
transferring failed
merging failed
"""
JOB_NEXT: set[tuple[str, str]] = {
    *((old, new) for old, new in (line.split() for line in JOB_ROADS.strip().splitlines())),
    *((state, end) for state in KILLABLE for end in ("cancelled", "closed")),
}

TASK_TERMINAL = {"done", "finished", "failed", "aborted", "broken"}
MAY_BE_PENDING = {"ready", "running", "merging", "scouting", "defined", "registered", "prepared"}
NO_PAUSE = TASK_TERMINAL | {"paused"}
NO_OUTSIDE_CHANGE = TASK_TERMINAL | {"prepared", "tobroken", "toabort", "aborting", "passed"}
RETRYABLE = {"finished", "failed", "aborted", "exhausted"}
TASK_PATH = {
    ("registered", "defined"),
    ("registered", "tobroken"),
    ("defined", "assigning"),
    ("defined", "ready"),
    ("assigning", "ready"),
    ("ready", "scouting"),
    ("ready", "running"),
    ("scouting", "scouted"),
    ("scouting", "exhausted"),
    ("scouted", "running"),
    ("running", "prepared"),
    ("running", "exhausted"),
    ("prepared", "done"),
    ("prepared", "finished"),
    ("prepared", "failed"),
    ("finishing", "passed"),
    ("passed", "prepared"),
    ("aborting", "toabort"),
    ("toabort", "aborted"),
    ("tobroken", "broken"),
    ("toretry", "ready"),
}


def task_step_is_legal(old: str, new: str, left: str | None) -> bool:
    """Whether a task may go from one state to another; ``left`` is the state before a hold."""
    if (old, new) in TASK_PATH:
        return True
    if new == "pending":
        return old in MAY_BE_PENDING
    if new in ("paused", "throttled"):
        return old not in NO_PAUSE
    if old in ("pending", "throttled", "paused") and new == left:
        return True
    if new in ("aborting", "finishing"):
        return old not in NO_OUTSIDE_CHANGE
    return new == "toretry" and old in RETRYABLE


class Tables:
    """All rows by table, as a database would hold them."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[Any, Row]] = defaultdict(dict)
        self._serial = 0

    def take(self, ledger: Any) -> None:
        """Apply a simulator's changes, copying each row, and empty the ledger."""
        for table, keys in ledger.removed.items():
            for key in keys:
                del self.rows[table][key]
        for table, added in ledger.added.items():
            for key, row in added.items():
                assert key not in self.rows[table], f"{table} {key} was there already"
                self.rows[table][key] = dict(row)
        for table, appended in ledger.appended.items():
            for row in appended:
                self._serial += 1
                self.rows[table][self._serial] = dict(row)
        for table, changed in ledger.changed.items():
            for key, values in changed.items():
                self.rows[table][key].update(values)
        ledger.clear()

    @classmethod
    def of(cls, tables: dict[str, Iterable[Row]]) -> Tables:
        """From rows read out of a database."""
        made = cls()
        for name, rows in tables.items():
            for number, row in enumerate(rows):
                key = tuple(row[column] for column in KEYS.get(name, ())) or (number,)
                made.rows[name][key] = row
        return made

    def __getitem__(self, table: str) -> list[Row]:
        return list(self.rows[table].values())


def violations(tables: Tables, now: datetime) -> list[str]:
    """Everything that is wrong, in words."""
    jobs = [(table, row) for table in ("jobsdefined4", "jobsactive4", "jobsarchived4") for row in tables[table]]
    by_id = {row["pandaid"]: row for _, row in jobs}
    return [
        *_places(jobs),
        *_job_times([row for _, row in jobs], now),
        *_job_logs(tables, by_id),
        *_attempts(tables, by_id),
        *_task_logs(tables, now),
        *_counters(tables, by_id),
        *_files(tables, by_id),
        *_workers(tables, now),
    ]


def _places(jobs: list[tuple[str, Row]]) -> Iterator[str]:
    for pandaid, count in Counter(row["pandaid"] for _, row in jobs).items():
        if count != 1:
            yield f"job {pandaid} has {count} rows"
    for table, row in jobs:
        state = row["jobstatus"]
        right = "jobsdefined4" if state in WAITING else "jobsarchived4" if state in TERMINAL else "jobsactive4"
        kept = state == "failed" and row["prodsourcelabel"] == "user" and table == "jobsactive4"
        if table != right and not kept:
            yield f"job {row['pandaid']} is {state} and lies in {table}"


def _job_times(jobs: list[Row], now: datetime) -> Iterator[str]:
    for row in jobs:
        name, state = f"job {row['pandaid']} ({row['jobstatus']})", row["jobstatus"]
        start, end = row["starttime"], row["endtime"]
        moments = [row["creationtime"], start, end]
        known = [moment for moment in moments if moment is not None]
        if known != sorted(known):
            yield f"{name}: creation, start and end are not in order: {known}"
        if max([*known, row["modificationtime"], row["statechangetime"]]) > now:
            yield f"{name}: a time lies in the future"
        if row["statechangetime"] > row["modificationtime"]:
            yield f"{name}: changed state after its last modification"
        if (state in TERMINAL) and end is None:
            yield f"{name}: has no end time"
        if state in {"finished", "running", "holding", "transferring"} and start is None:
            yield f"{name}: has no start time"
        if state in WAITING | {"activated", "throttled"} and (start or end):
            yield f"{name}: has not begun, yet has a start or end time"
        if (
            not 0
            <= row["cpuconsumptiontime"]
            <= 1 + (((end or now) - start).total_seconds() * row["corecount"] if start else 0)
        ):
            yield f"{name}: used more CPU than there was time"


def _job_logs(tables: Tables, jobs: dict[int, Row]) -> Iterator[str]:
    states: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    for row in tables["jobs_statuslog"]:
        states[row["pandaid"]].append((row["modificationtime"], row["jobstatus"]))
    for pandaid, job in jobs.items():
        log = states.get(pandaid, [])
        if not log or log[0][1] != "pending" or log[-1] != (job["statechangetime"], job["jobstatus"]):
            yield f"job {pandaid}: log {log} does not lead to {job['jobstatus']} at {job['statechangetime']}"
        for (before, old), (after, new) in pairwise(log):
            if (old, new) not in JOB_NEXT:
                yield f"job {pandaid}: {old} -> {new}"
            if after < before:
                yield f"job {pandaid}: its log runs backwards"


def _attempts(tables: Tables, jobs: dict[int, Row]) -> Iterator[str]:
    links = {row["newpandaid"]: row for row in tables["jedi_job_retry_history"]}
    for pandaid, job in jobs.items():
        if job["maxattempt"] != job["attemptnr"]:
            yield f"job {pandaid}: maxattempt {job['maxattempt']}, attempt {job['attemptnr']}"
        if (job["attemptnr"] > 1) != (job["parentid"] is not None) or (pandaid in links) != (
            job["parentid"] is not None
        ):
            yield f"job {pandaid}: attempt {job['attemptnr']}, parent {job['parentid']}, link {links.get(pandaid)}"
        parent = jobs.get(job["parentid"])
        if parent is not None and not (
            parent["jobstatus"] in {"failed", "cancelled", "closed"}
            and parent["attemptnr"] + 1 == job["attemptnr"]
            and parent["pandaid"] < pandaid
            and parent["jeditaskid"] == job["jeditaskid"]
            and parent["statechangetime"] <= job["creationtime"]
        ):
            yield f"job {pandaid}: cannot follow {parent['pandaid']}, {parent['jobstatus']}"
        link = links.get(pandaid)
        if (
            link is not None
            and link["oldpandaid"] in links
            and links[link["oldpandaid"]]["originpandaid"] != link["originpandaid"]
        ):
            yield f"job {pandaid}: its chain changes its origin"


def _task_logs(tables: Tables, now: datetime) -> Iterator[str]:
    states: dict[int, list[str]] = defaultdict(list)
    for row in tables["tasks_statuslog"]:
        states[row["jeditaskid"]].append(row["status"])
    for task in tables["jedi_tasks"]:
        log, left = states[task["jeditaskid"]], None
        if not log or log[0] != "registered" or log[-1] != task["status"]:
            yield f"task {task['jeditaskid']}: log {log} does not lead to {task['status']}"
        for old, new in pairwise(log):
            if not task_step_is_legal(old, new, left):
                yield f"task {task['jeditaskid']}: {old} -> {new}"
            left = old if new in ("pending", "throttled", "paused") else left
        if (task["status"] in TASK_TERMINAL) != (task["endtime"] is not None):
            yield f"task {task['jeditaskid']} is {task['status']}, end time {task['endtime']}"
        if max(task["modificationtime"], task["statechangetime"], task["creationdate"]) > now:
            yield f"task {task['jeditaskid']}: a time lies in the future"


def _counters(tables: Tables, jobs: dict[int, Row]) -> Iterator[str]:
    contents: dict[int, list[Row]] = defaultdict(list)
    for entry in tables["jedi_dataset_contents"]:
        contents[entry["datasetid"]].append(entry)
    tasks = {row["jeditaskid"]: row for row in tables["jedi_tasks"]}
    live = Counter(job["jeditaskid"] for job in jobs.values() if job["jobstatus"] not in TERMINAL)
    for dataset in tables["jedi_datasets"]:
        states = Counter(entry["status"] for entry in contents[dataset["datasetid"]])
        name = f"dataset {dataset['datasetid']} ({dataset['type']})"
        if not 0 <= dataset["nfilesfinished"] + dataset["nfilesfailed"] <= dataset["nfilesused"] <= dataset["nfiles"]:
            yield f"{name}: counters {dataset}"
        if dataset["nfilesfinished"] != states["finished"]:
            yield f"{name}: {dataset['nfilesfinished']} finished, but its files say {dict(states)}"
        if dataset["nfiles"] != sum(states.values()):
            yield f"{name}: {dataset['nfiles']} files, but {sum(states.values())} are there"
        if dataset["type"] in ("input", "pseudo_input"):
            yield from _master(dataset, states, tasks[dataset["jeditaskid"]], live, name)


def _master(dataset: Row, states: Counter[str], task: Row, live: Counter[int], name: str) -> Iterator[str]:
    if dataset["nfilesfailed"] != states["failed"]:
        yield f"{name}: {dataset['nfilesfailed']} failed, but its files say {dict(states)}"
    if dataset["nfilesused"] != sum(states.values()) - states["ready"]:
        yield f"{name}: {dataset['nfilesused']} used, but its files say {dict(states)}"
    if states["running"] != live[task["jeditaskid"]]:
        yield f"{name}: {states['running']} inputs run, {live[task['jeditaskid']]} jobs live"
    if task["status"] in TASK_TERMINAL and live[task["jeditaskid"]]:
        yield f"task {task['jeditaskid']} is {task['status']} with live jobs"
    done, total = dataset["nfilesfinished"], dataset["nfiles"]
    expected = "done" if done == total else "finished" if done else "failed"
    if task["status"] in ("done", "finished", "failed") and task["status"] != expected:
        yield f"task {task['jeditaskid']} is {task['status']} with {done} of {total}"


def _files(tables: Tables, jobs: dict[int, Row]) -> Iterator[str]:
    kinds: dict[int, Counter[str]] = defaultdict(Counter)
    for file in tables["filestable4"]:
        kinds[file["pandaid"]][file["type"]] += 1
        job = jobs[file["pandaid"]]
        if job["jobstatus"] in TERMINAL and file["status"] not in ("ready", "failed"):
            yield f"job {file['pandaid']} is {job['jobstatus']}, its {file['type']} file {file['status']}"
        if job["jobstatus"] == "finished" and file["status"] != "ready":
            yield f"job {file['pandaid']} is finished without its {file['type']} file"
    for pandaid in jobs:
        if kinds[pandaid]["log"] != 1 or kinds[pandaid]["input"] + kinds[pandaid]["pseudo_input"] != 1:
            yield f"job {pandaid} has files {dict(kinds[pandaid])}"


def _workers(tables: Tables, now: datetime) -> Iterator[str]:
    for worker in tables["harvester_workers"]:
        final = worker["status"] in ("finished", "failed", "cancelled", "missed")
        if final != (worker["endtime"] is not None):
            yield f"worker {worker['workerid']} is {worker['status']}, end time {worker['endtime']}"
        times = [t for t in (worker["submittime"], worker["starttime"], worker["endtime"]) if t is not None]
        if times != sorted(times) or max(*times, worker["lastupdate"]) > now:
            yield f"worker {worker['workerid']}: times {times}"
        if worker["status"] in ("running", "finished") and worker["starttime"] is None:
            yield f"worker {worker['workerid']} is {worker['status']} without having started"
