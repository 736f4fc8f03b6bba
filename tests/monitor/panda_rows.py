"""A random but seeded PanDA database for tests: the official schema and a few thousand rows.

All states, ages on both sides of every window, NULLs, blank names, PanDA's 1970 dates, HTML-like and non-ASCII texts.
The rows are not consistent as a real PanDA's would be (that is the testbed's work); they are there to be counted.

By hand: ``python -m tests.monitor.panda_rows FILE [seed]`` writes one whose present is now.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.types import DateTime, Integer, Numeric

from swf_monitor.panda.database import sqlite_url
from swf_monitor.panda.schema import SQLITE_SCHEMAS, metadata, table

NOW = datetime(2026, 11, 20, 12, 0, 0)  # noqa: DTZ001 - PanDA's times have no zone
UNSET = datetime(1970, 1, 1)  # noqa: DTZ001 - PanDA's "not set"

USERS = [
    "bsmith",
    "Carol Jones",
    "Ann O'Dair",
    "Zoë Grün",
    "robot <svc&prod>",
    "王小明",
    "dan_fox",
    "100%_user",
    "",
    None,
]
SITES = ["BNL_OSG_PanDA_1", "NERSC_Perlmutter_epic", "JLAB_OSG_epic", "INFN_CNAF_epic", "BNL <test> & Söhne", None]
GROUPS = ["EIC", "EIC", "EIC", "test", "", None]
TYPES = [
    "epicproduction",
    "epicproduction",
    "epic-test",
    "panda-client-1.5.79-jedi-run",
    "panda-client-1.6.2-jedi-run",
    "panda-client-1.6.2-jedi-athena-trf",
    "simul",
    "",
    None,
]
TASK_STATES = [
    "registered",
    "defined",
    "assigning",
    "ready",
    "pending",
    "scouting",
    "scouted",
    "running",
    "paused",
    "throttled",
    "exhausted",
    "prepared",
    "done",
    "finished",
    "failed",
    "aborting",
    "aborted",
    "broken",
    "toretry",
    "rerefine",
]
DEFINED_STATES = ["pending", "defined", "waiting", "assigned"]
ACTIVE_STATES = [
    "defined",
    "waiting",
    "assigned",
    "activated",
    "activated",
    "throttled",
    "sent",
    "starting",
    "running",
    "running",
    "running",
    "stagein",
    "holding",
    "transferring",
    "merging",
    "failed",
]
ARCHIVED_STATES = ["finished"] * 8 + ["failed"] * 4 + ["cancelled", "closed", "unknown"]
COMPONENTS = ["brokerage", "ddm", "exe", "jobdispatcher", "pilot", "sup", "taskbuffer"]
DIAGS = [
    "payload execution failed with exit code 65",
    'Failed to stage-out file: <b>no & space</b> left on "device"',
    "lost heartbeat: 7234 s\nlast seen at node042\nno answer",
    "Übertragung nach 日本 fehlgeschlagen \u2013 Zeitüberschreitung",
    "<script>alert('x')</script>",
    "x" * 240,
    "x" * 239 + "y",
    "",
    None,
]
TRANSFORMATIONS = [
    "https://pandaserver-doma.cern.ch/trf/user/runGen-00-00-02",
    "http://example.org/trf?a=1&b=<2>",
    "runGen",
    None,
]


def build(path: Path, *, seed: int = 1, now: datetime = NOW, tasks: int = 150, jobs: int = 3000) -> None:
    """Write the database file `path`."""
    engine = _writing_engine(path)
    rows = Rows(random.Random(seed), now)
    with engine.begin() as connection:
        metadata.create_all(connection)
        rows.make_queues()
        rows.make_tasks(tasks)
        rows.make_jobs(jobs)
        rows.insert(connection)
    engine.dispose()


def build_empty(path: Path) -> None:
    """Write a database with all tables and no row."""
    engine = _writing_engine(path)
    with engine.begin() as connection:
        metadata.create_all(connection)
    engine.dispose()


def _writing_engine(path: Path) -> Engine:
    engine = create_engine(sqlite_url(path, read_only=False)).execution_options(schema_translate_map=SQLITE_SCHEMAS)
    # The file need not survive a power failure; waiting for the disk is most of the time otherwise.
    event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA synchronous=OFF"))
    return engine


class Rows:
    """Rows under construction, by table."""

    def __init__(self, chance: random.Random, now: datetime) -> None:
        self.chance = chance
        self.now = now
        self.by_table: dict[str, list[dict[str, Any]]] = {}
        self.task_ids: list[int] = []

    def add(self, name: str, /, **values: Any) -> None:
        """Keep one row; columns left out get the column's default."""
        self.by_table.setdefault(name, []).append(values)

    def insert(self, connection: Connection) -> None:
        """Write all rows kept."""
        for name, rows in self.by_table.items():
            schema, _, short = name.rpartition(".")
            target = table(short, schema or "doma_panda")
            connection.execute(target.insert(), list(_completed(target, rows, self.now)))

    def ago(self, days: float) -> datetime:
        """A moment up to `days` ago, more often recent than not."""
        return self.now - timedelta(seconds=self.chance.random() ** 2 * days * 86400)

    def make_queues(self) -> None:
        """Queues of ePIC and of others, a Harvester instance that has just reported."""
        for number, name in enumerate([*SITES[:-1], "ATLAS_not_ours", "EMPTY_queue"]):
            settings = {
                "name": name,
                "nickname": name,
                "vo_name": "atlas" if name.startswith("ATLAS") else "eic",
                "status": ["online", "brokeroff", "offline", "online", "test"][number % 5],
                "state": "ACTIVE" if number % 4 else "INACTIVE",
                "resource_type": "GRID",
                "type": "unified",
                "country": ["US", "IT", "<CA>"][number % 3],
                "tier": f"T{number % 4}",
                "corepower": 10.5,
                "corecount": 8,
                "maxrss": 16000,
                "maxtime": 86400,
                "maxwdir": 20000,
                "container_type": "singularity",
                "pilot_version": "3.10",
                "cloud": "EIC",
                "copytools": {"rucio": {"setup": "<setup>"}},
                "params": [1, 2, {"three": None}],
            }
            self.add(
                "schedconfig_json",
                panda_queue=name,
                data={} if name == "EMPTY_queue" else settings,
                last_update=self.ago(40),
            )
        self.add(
            "harvester_instances",
            harvester_id="harvester_bnl",
            hostname="harv01",
            starttime=self.ago(5),
            lastupdate=self.now - timedelta(seconds=20),
            sw_version="0.5.20",
        )

    def make_tasks(self, number: int) -> None:
        """Tasks of all states and ages with their datasets and parameters."""
        for position in range(number):
            task = 30_000 + 3 * position
            self.task_ids.append(task)
            created = self.ago(100)
            modified = min(self.now, created + timedelta(days=self.chance.random() * 20))
            status = self.chance.choice(TASK_STATES)
            self.add(
                "jedi_tasks",
                jeditaskid=task,
                taskname=self._task_name(task),
                status=status,
                oldstatus="",
                username=self.chance.choice(USERS) or "",
                creationdate=created,
                modificationtime=modified,
                statechangetime=modified,
                starttime=created + timedelta(minutes=9) if self.chance.random() < 0.8 else None,
                endtime=modified if status in ("done", "finished", "failed", "aborted", "broken") else None,
                reqid=self.chance.choice([1001, 1002, 1003, None]),
                processingtype=self.chance.choice(TYPES),
                workinggroup=self.chance.choice(GROUPS),
                transpath=self.chance.choice(TRANSFORMATIONS),
                site=self.chance.choice(SITES),
                corecount=self.chance.choice([1, 8, None]),
                ramcount=2000,
                ramunit="MBPerCore",
                walltime=3600,
                walltimeunit="s",
                workdiskcount=10,
                workdiskunit="GB",
                taskpriority=900,
                currentpriority=self.chance.choice([880, 900, 1000]),
                gshare="EIC",
                attemptnr=self.chance.choice([0, 1, None]),
                errordialog=self.chance.choice(
                    [None, None, 'insufficient inputs: <3> "merge" & more', "Grüße aus Köln"]
                ),
                container_name="docker://eicweb/eic_xl:26.02.0-stable",
                resource_type="SCORE",
                prodsourcelabel="managed",
                tasktype="prod",
                vo="eic",
                cloud="EIC",
                campaign="26.02.0",
                splitrule="12=1,4=100",
                superstatus=status,
            )
            self._datasets(task)
            self._parameters(task)

    def _task_name(self, task: int) -> str | None:
        kind = self.chance.choice(["plain", "plain", "plain", "long", "markup", "none"])
        names = {
            "plain": f"group.EIC.26.02.0.epic_craterlake.p1003.e3.s1.r1.DIS.{task}",
            "long": f"group.EIC.26.02.0.epic_craterlake.p1003.e3.s1.r1.BACKGROUNDS.MERGED.{'long_' * 20}{task}",
            "markup": f'user.zoë.<i>test</i>&"{task}"',
            "none": None,
        }
        return names[kind]

    def _datasets(self, task: int) -> None:
        files = self.chance.randint(0, 60)
        done = self.chance.randint(0, files)
        failed = self.chance.randint(0, files - done)
        kinds = [("input", None), ("pseudo_input", None), ("input", 1), ("output", None), ("log", None)]
        for number, (kind, master) in enumerate(self.chance.sample(kinds, self.chance.randint(0, len(kinds)))):
            self.add(
                "jedi_datasets",
                jeditaskid=task,
                datasetid=task * 10 + number,
                datasetname=f"group.EIC:{task}.{kind}<{number}>",
                type=kind,
                masterid=master,
                creationtime=self.now,
                modificationtime=self.now,
                vo="eic",
                status=self.chance.choice(["ready", "running", "done", None]),
                state="closed",
                streamname=kind.upper(),
                nfiles=files,
                nfilesused=files,
                nfilestobeused=files,
                nfilesfinished=self.chance.choice([done, done, None]),
                nfilesfailed=self.chance.choice([failed, failed, None]),
                nevents=500 * files,
                neventsused=500 * done,
                site=None,
                destination=self.chance.choice(["BNL_PROD_DISK_1", None]),
            )

    def _parameters(self, task: int) -> None:
        if self.chance.random() < 0.2:
            return
        parameters = {
            "taskName": f"task {task}",
            "userName": "Carol Jones",
            "sourceURL": "https://pandacache.bnl.gov:25443",
            "jobParameters": [
                {"type": "constant", "value": f"-a jobO.{task}.tar.gz --sourceURL https://pandacache.bnl.gov:25443"},
                {"type": "constant", "value": "-r ."},
                {"type": "constant", "value": '"bash%20run.sh%20--events%20%3C500%3E%20%26%20quoted"'},
                {
                    "type": "template",
                    "param_type": "output",
                    "dataset": f"group.EIC.{task}.out",
                    "value": "out.${SN}.root",
                },
            ],
        }
        text = json.dumps(parameters) if self.chance.random() < 0.9 else "{not json"
        self.add("jedi_taskparams", jeditaskid=task, taskparams=text)

    def make_jobs(self, number: int) -> None:
        """Jobs in all four tables with files, workers, state logs and retries."""
        earlier: int | None = None
        for position in range(number):
            pandaid = 160_000 + 7 * position
            where = self.chance.choices(
                ["jobsarchived4", "jobsactive4", "jobsdefined4", "doma_pandaarch.jobsarchived"], [70, 20, 6, 4]
            )[0]
            job = self._job(pandaid, where, earlier)
            self.add(where, **job)
            if job["attemptnr"] > 1 and earlier is not None:
                self.add(
                    "jedi_job_retry_history",
                    jeditaskid=job["jeditaskid"] or 0,
                    oldpandaid=earlier,
                    newpandaid=pandaid,
                    originpandaid=earlier,
                    relationtype=self.chance.choice(["retry", "retry", None]),
                )
            if position % 5 == 0:
                self._job_details(job)
            earlier = pandaid

    def _job(self, pandaid: int, where: str, earlier: int | None) -> dict[str, Any]:
        states = {"jobsactive4": ACTIVE_STATES, "jobsdefined4": DEFINED_STATES}.get(where, ARCHIVED_STATES)
        status = self.chance.choice(states)
        created = self.ago(20 if where != "doma_pandaarch.jobsarchived" else 600)
        started = created + timedelta(minutes=self.chance.randint(1, 600))
        ended = started + timedelta(minutes=self.chance.randint(0, 900))
        modified = min(self.now, ended + timedelta(minutes=self.chance.randint(0, 200)))
        over = status in ("finished", "failed", "cancelled", "closed", "unknown")
        attempt = self.chance.choice([1, 1, 1, 2, 3])
        job: dict[str, Any] = {
            "pandaid": pandaid,
            "jeditaskid": self.chance.choice([*self.task_ids, None]),
            "reqid": self.chance.choice([1001, 1002, None]),
            "jobstatus": status,
            "jobname": f"group.EIC.job<{pandaid}>",
            "produsername": self.chance.choice(USERS),
            "computingsite": self.chance.choice(SITES),
            "transformation": self.chance.choice(TRANSFORMATIONS),
            "processingtype": self.chance.choice(TYPES),
            "workinggroup": self.chance.choice(GROUPS),
            "prodsourcelabel": "managed",
            "creationtime": created,
            "starttime": self.chance.choice([min(started, self.now), min(started, self.now), None, UNSET]),
            "endtime": self.chance.choice(
                [min(ended, self.now), min(ended, self.now), min(ended, self.now), None, UNSET]
            )
            if over
            else self.chance.choice([None, UNSET]),
            "modificationtime": modified,
            "statechangetime": modified,
            "attemptnr": attempt,
            "maxattempt": attempt,
            "parentid": earlier if attempt > 1 else None,
            "corecount": self.chance.choice([1, 8, None]),
            "nevents": self.chance.choice([0, 500, 1000]),
            "noutputdatafiles": 2,
            "outputfilebytes": self.chance.choice([0, 123_456_789, None]),
            "inputfilebytes": self.chance.choice([0, 5_000_000, None]),
            "destinationse": self.chance.choice(["BNL_PROD_DISK_1", None]),
            "cpuconsumptiontime": self.chance.choice([0, 3600]),
            "maxrss": self.chance.choice([None, 1_500_000]),
            "pilotid": self.chance.choice(["https://harv01.example.org/logs/1.out|Condor|x", None]),
            "jobsubstatus": self.chance.choice([None, "toreassign"]),
            "container_name": "docker://eicweb/eic_xl:26.02.0-stable",
        }
        return job | self._errors(status)

    def _errors(self, status: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for component in COMPONENTS:
            hit = status in ("failed", "cancelled", "closed") and self.chance.random() < 0.35
            found[f"{component}errorcode"] = self.chance.choice([100, 1305, 65]) if hit else 0
            found[f"{component}errordiag"] = self.chance.choice(DIAGS) if hit else None
        found["transexitcode"] = self.chance.choice(["65", "0", "", None]) if status == "failed" else None
        return found

    def _job_details(self, job: Mapping[str, Any]) -> None:
        pandaid = job["pandaid"]
        for kind in ("input", "output", "log"):
            self.add(
                "filestable4",
                row_id=pandaid * 10 + len(kind),
                pandaid=pandaid,
                modificationtime=job["modificationtime"],
                lfn=f"{kind}.{pandaid}<é>.root",
                type=kind,
                status=self.chance.choice(["ready", "failed", "unknown"]),
                dataset=f"group.EIC:{kind}.ds",
                fsize=self.chance.choice([0, 1_234_567]),
                scope="group.EIC",
                destinationse="BNL_PROD_DISK_1",
                jeditaskid=job["jeditaskid"],
            )
        moment = job["creationtime"]
        for state in ("defined", "activated", "running", job["jobstatus"]):
            self.add(
                "jobs_statuslog",
                pandaid=pandaid,
                modificationtime=moment,
                jobstatus=state,
                prodsourcelabel="managed",
                cloud="EIC",
                computingsite=job["computingsite"],
                modificationhost="panda01",
                modiftime_extended=moment,
            )
            moment += timedelta(minutes=7)
        self.add(
            "harvester_workers",
            harvesterid="harvester_bnl",
            workerid=pandaid,
            lastupdate=job["modificationtime"],
            status="finished",
            batchid=f"batch.{pandaid}",
            nodeid="node<042>",
            computingsite=job["computingsite"],
            submittime=job["creationtime"],
            stdout="https://harv01.example.org/logs/1.out",
        )
        self.add(
            "harvester_rel_jobs_workers",
            harvesterid="harvester_bnl",
            workerid=pandaid,
            pandaid=pandaid,
            lastupdate=job["modificationtime"],
        )
        self.add(
            "jobparamstable", pandaid=pandaid, modificationtime=job["modificationtime"], jobparameters="-r . --n <500>"
        )
        if pandaid % 3 == 0:
            self.add("jobsdebug", pandaid=pandaid, stdout=f"line 1 of {pandaid}\nWert: 5 € <ok>\n/swf-monitor/panda/\n")


def _completed(target: Table, rows: Iterable[Mapping[str, Any]], now: datetime) -> Iterable[dict[str, Any]]:
    """Rows with the same keys each: what one of them names, plus the obligatory columns without a default."""
    rows = list(rows)
    named = {name for row in rows for name in row}
    obligatory = {c.name: _neutral(c.type, now) for c in target.columns if not c.nullable and c.server_default is None}
    for row in rows:
        yield {name: row.get(name, obligatory.get(name)) for name in named | obligatory.keys()}


def _neutral(kind: Any, now: datetime) -> Any:
    if isinstance(kind, DateTime):
        return now
    return 0 if isinstance(kind, Integer | Numeric) else ""


if __name__ == "__main__":
    build(
        Path(sys.argv[1]),
        seed=int(sys.argv[2]) if len(sys.argv) > 2 else 1,
        now=datetime.now(UTC).replace(tzinfo=None, microsecond=0),
    )
