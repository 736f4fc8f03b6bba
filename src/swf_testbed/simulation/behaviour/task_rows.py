"""Rows of a new task: jedi_tasks, its parameters, its datasets and their contents (epic-facts 1 to 3)."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from swf_monitor.panda.schema import table
from swf_testbed.simulation.behaviour.task_plan import TaskPlan
from swf_testbed.simulation.catalogue import physics, storages
from swf_testbed.simulation.catalogue.reference import WORK_QUEUES
from swf_testbed.simulation.core.ledger import Row
from swf_testbed.simulation.core.world import Task, World

_EMPTY_TASK: Final[Row] = {column.name: None for column in table("jedi_tasks").columns}
_EMPTY_DATASET: Final[Row] = {column.name: None for column in table("jedi_datasets").columns}
_EMPTY_FILE: Final[Row] = {column.name: None for column in table("jedi_dataset_contents").columns}
MAX_ATTEMPT: Final = 3


@dataclass(frozen=True, slots=True)
class Kind:
    """What tasks of one kind have in common in their rows."""

    label: str
    tasktype: str
    priority: int
    processingtype: str | None
    share: str
    output: bool


KINDS: Final = {
    "production": Kind("test", "prod", 900, "epicproduction", "Production", False),
    "analysis": Kind("user", "anal", 1000, "panda-client-1.5.83-jedi-run", "Analysis", True),
    "streaming": Kind("managed", "prod", 950, "stfprocessing", "Production", True),
    "test": Kind("test", "prod", 900, "gangarobot-epic-test", "Production", False),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a task is about: its name, campaign and where its events come from."""

    name: str
    campaign: str
    path: str


def subject(world: World, plan: TaskPlan, jeditaskid: int) -> Subject:
    """Name and purpose of a new task, drawn from its dice."""
    rng = world.dice("subject", jeditaskid)
    version = physics.campaign(world.now, rng)
    if plan.kind == "streaming":
        run = 101000 + jeditaskid % 2900
        return Subject(f"swf.{run}.processed", version, f"group.daq:swf.{run}.run")
    if plan.kind == "analysis":
        return _analysis_subject(rng, plan, version, jeditaskid)
    tags, path = physics.production_sample(rng)
    attempt = f".try{rng.randint(2, 3)}" if rng.random() < 0.06 else ""
    name = f"{physics.SCOPE}.{version}.{physics.DETECTOR}.{tags}{attempt}"
    if rng.random() < 0.08:
        words = path.strip("/").replace("/", ".").replace("=", "-")
        name = f"{physics.SCOPE}.{version}.{physics.DETECTOR}.{words}.{jeditaskid}"
    return Subject(f"{name}.test{jeditaskid % 100}" if plan.kind == "test" else name, version, path)


def _analysis_subject(rng: random.Random, plan: TaskPlan, version: str, jeditaskid: int) -> Subject:
    word = rng.choice(("jets", "dvcs_scan", "kaon_pid", "zdc-calib", "upsilon", "trackeff", "lambda_fit"))
    name = f"user.{plan.person.login}.{word}.{jeditaskid % 1000}"
    if rng.random() < 0.2:
        name = f"{physics.SCOPE}.{UUID(int=rng.getrandbits(128), version=4)}"
    return Subject(name, version, f"epic:/RECO/{version}/{physics.DETECTOR}/DIS/NC/{rng.choice(physics.BEAMS)}/minQ2=1")


def task_row(world: World, plan: TaskPlan, jeditaskid: int, about: Subject, site: str | None) -> Row:
    """The row of `jedi_tasks` of a task just registered."""
    kind, now = KINDS[plan.kind], world.now
    rng = world.dice("task row", jeditaskid)
    return _EMPTY_TASK | {
        "jeditaskid": jeditaskid,
        "taskname": about.name,
        "status": "",
        "username": plan.person.login if plan.by_login else plan.person.name,
        "creationdate": now,
        "modificationtime": now,
        "realmodificationtime": now,
        "statechangetime": now,
        "cloud": "EIC",
        "site": site,
        "prodsourcelabel": kind.label,
        "workinggroup": "EIC",
        "vo": "epic",
        "corecount": 1,
        "tasktype": kind.tasktype,
        "processingtype": None if rng.random() < 0.02 else kind.processingtype,
        "taskpriority": kind.priority,
        "currentpriority": kind.priority,
        "architecture": "",
        "transuses": "",
        "transhome": None,
        "transpath": physics.TRANSFORMATION,
        "splitrule": "AE=0,DI=0,FT=1,MF=1,NG=1,UN=1,ME=1" + ("" if plan.scouts else ",SK=1"),
        "walltime": 7200,
        "walltimeunit": "s",
        "outdiskcount": 20,
        "outdiskunit": "MB",
        "workdiskcount": 5000,
        "workdiskunit": "MB",
        "ramcount": 4096,
        "ramunit": "MBPerCore",
        "workqueue_id": WORK_QUEUES[kind.label][0],
        "eventservice": 0,
        "campaign": about.campaign,
        "goal": None,
        "amiflag": 1,
        "baseramcount": 0,
        "gshare": kind.share,
        "resource_type": "SCORE",
        "attemptnr": 0,
        "container_name": physics.container(about.campaign),
        "reqid": 1000 + jeditaskid % 400 if plan.kind == "production" else None,
    }


def parameters_row(task: Task, about: Subject) -> Row:
    """The row of `jedi_taskparams`: the task as submitted."""
    row = task.row
    document: dict[str, Any] = {
        "taskName": row["taskname"],
        "userName": task.plan.person.name,
        "vo": "epic",
        "workingGroup": row["workinggroup"],
        "campaign": row["campaign"],
        "prodSourceLabel": row["prodsourcelabel"],
        "taskType": row["tasktype"],
        "processingType": row["processingtype"],
        "taskPriority": row["taskpriority"],
        "site": row["site"],
        "noInput": task.plan.kind in ("production", "test"),
        "nEvents": task.plan.size,
        "nEventsPerJob": 1,
        "coreCount": 1,
        "ramCount": 4096,
        "ramUnit": "MBPerCore",
        "walltime": 7200,
        "maxAttempt": MAX_ATTEMPT,
        "skipScout": not task.plan.scouts,
        "transPath": row["transpath"],
        "container_name": row["container_name"],
        "sourceURL": "https://pandaserver01.sdcc.bnl.gov:25443",
        "multiStepExec": {"preprocess": {"command": "${TRF}"}, "postprocess": {"command": "echo"}},
        "log": {
            "dataset": f"{row['taskname']}_log/",
            "type": "template",
            "param_type": "log",
            "token": "local",
            "destination": storages.LOG_STORAGE,
        },
        "jobParameters": _job_parameters(about),
    }
    return {"jeditaskid": task.id, "taskparams": json.dumps(document, ensure_ascii=False)}


def _job_parameters(about: Subject) -> list[dict[str, str]]:
    command = f"bash%20run.sh%20--sample%20%22{about.path}%22%20--version%20{about.campaign}%20%26%26%20ls%20-l"
    return [
        {"type": "constant", "value": "-j '' --sourceURL https://pandaserver01.sdcc.bnl.gov:25443"},
        {"type": "constant", "value": "-r ."},
        {"type": "constant", "value": f'-p "{command}"'},
        {"type": "constant", "value": f"--campaign {about.campaign} --rse <output>"},
        {"type": "template", "param_type": "pseudo_input", "value": "--row ${SEQNUMBER}", "dataset": "seq_number"},
    ]


def dataset_row(world: World, task: Task, kind: str, name: str, stream: str, **values: Any) -> Row:
    """One row of `jedi_datasets`, with empty counters."""
    counters = (
        "nfiles",
        "nfilestobeused",
        "nfilesused",
        "nfilesonhold",
        "nfilesfinished",
        "nfilesfailed",
        "nfileswaiting",
        "nfilesmissing",
    )
    return (
        _EMPTY_DATASET
        | dict.fromkeys((*counters, "nevents", "neventstobeused", "neventsused"), 0)
        | {
            "jeditaskid": task.id,
            "datasetid": world.number("dataset"),
            "datasetname": name,
            "type": kind,
            "streamname": stream,
            "creationtime": world.now,
            "modificationtime": world.now,
            "vo": "epic",
            "status": "defined",
            "state": "open",
        }
        | values
    )


def source_rows(world: World, task: Task, source: Row) -> list[Row]:
    """Contents of the master input: one entry per planned job."""
    pseudo = source["type"] == "pseudo_input"
    stem = source["datasetname"].partition(":")[2] or source["datasetname"]
    return [
        _EMPTY_FILE
        | {
            "jeditaskid": task.id,
            "datasetid": source["datasetid"],
            "fileid": world.number("file"),
            "creationdate": world.now,
            "lfn": str(number) if pseudo else _input_name(stem, number),
            "type": source["type"],
            "status": "ready",
            "proc_status": "ready",
            "fsize": 0 if pseudo else 2_000_000_000 + number * 7919,
            "scope": None if pseudo else "epic",
            "attemptnr": 0,
            "maxattempt": MAX_ATTEMPT,
            "failedattempt": 0,
            "maxfailure": MAX_ATTEMPT,
            "nevents": 1,
            "keeptrack": 1,
            "startevent": number,
            "endevent": number,
            "ramcount": 0,
        }
        for number in range(task.plan.size)
    ]


def _input_name(stem: str, number: int) -> str:
    if stem.startswith("swf."):
        return f"{stem.removesuffix('.run')}.{number + 1:06d}.stf"
    return f"{stem.strip('/').replace('/', '.')[:120]}.{number:04d}.eicrecon.edm4eic.root"


def product_file(world: World, task: Task, product: Row, lfn: str, pandaid: int) -> Row:
    """One output or log file that a new job is to make."""
    return _EMPTY_FILE | {
        "jeditaskid": task.id,
        "datasetid": product["datasetid"],
        "fileid": world.number("file"),
        "creationdate": world.now,
        "lfn": lfn,
        "type": product["type"],
        "status": "running",
        "scope": physics.SCOPE,
        "attemptnr": 0,
        "pandaid": pandaid,
        "outpandaid": pandaid,
        "keeptrack": 1,
        "ramcount": 0,
    }
