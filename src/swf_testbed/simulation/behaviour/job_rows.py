"""Rows of a new job: its own, its files, its parameters (epic-facts 2 and 3)."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Integer, Numeric

from swf_monitor.panda.schema import table
from swf_testbed.simulation.behaviour import inputs, task_rows
from swf_testbed.simulation.catalogue import storages
from swf_testbed.simulation.catalogue.queues import Queue
from swf_testbed.simulation.core.ledger import Row
from swf_testbed.simulation.core.world import Job, Task, World
from swf_testbed.simulation.states.moves import SERVER, log_job


def _empty_job() -> Row:
    columns = table("jobsactive4").columns
    return {c.name: 0 if not c.nullable and isinstance(c.type, Integer | Numeric) else None for c in columns}


_EMPTY_JOB: Final = _empty_job()
_EMPTY_FILE: Final[Row] = {column.name: None for column in table("filestable4").columns}


def new_job(world: World, task: Task, entry: Row, queue: Queue) -> Job:
    """Make a job for one input, enter all its rows, and count the input as used."""
    pandaid = world.number("job")
    parent = entry["pandaid"]
    row = _job_row(world, task, entry, queue, pandaid)
    plan = world.circumstances.job_plan(world.seed, pandaid, task.plan.kind, queue, entry)
    job = Job(row, task, entry, plan, _parameters(world, task, row, entry))
    job.outputs = _products(world, task, pandaid)
    job.files = [_input_file(world, job), *(_output_file(world, job, product) for product in job.outputs)]
    row.update(_summary(job))
    _enter(world, job)
    _link_to_parent(world, job, parent)
    inputs.take(world, task, entry, pandaid)
    task.jobs[pandaid] = job
    return job


def _enter(world: World, job: Job) -> None:
    world.ledger.add("jobsdefined4", job.row)
    world.ledger.add("jobparamstable", job.parameters)
    for file in job.files:
        world.ledger.add("filestable4", file)
    for product in job.outputs:
        world.ledger.add("jedi_dataset_contents", product)
        inputs.announce_product(world, job.task, product)
    log_job(world, job)


def _job_row(world: World, task: Task, entry: Row, queue: Queue, pandaid: int) -> Row:
    now, source = world.now, task.row
    attempt = int(entry["attemptnr"]) + 1
    row = _template(task, queue).copy()
    row.update(
        pandaid=pandaid,
        creationtime=now,
        modificationtime=now,
        statechangetime=now,
        proddbupdatetime=now,
        jobdefinitionid=task.id * 10 + int(source["attemptnr"] or 0),
        jobname=f"{source['taskname']}.{task.serial + 1:06d}"[:256],
        attemptnr=attempt,
        maxattempt=attempt,
        failedattempt=entry["failedattempt"],
        parentid=entry["pandaid"] if attempt > 1 else None,
    )
    return row


def _template(task: Task, queue: Queue) -> Row:
    """What all jobs of a task at a queue have in common."""
    if queue.name not in task.templates:
        task.templates[queue.name] = _EMPTY_JOB | _copied(task, queue)
    return task.templates[queue.name]


def _copied(task: Task, queue: Queue) -> Row:
    """What a job takes over from its task and its queue."""
    row, plan = task.row, task.plan
    return {
        "jobstatus": "pending",
        "creationhost": SERVER,
        "modificationhost": SERVER,
        "nevents": 1,
        "jobsetid": task.id if row["prodsourcelabel"] == "user" else None,
        "jeditaskid": task.id,
        "taskid": task.id,
        "reqid": row["reqid"],
        "prodsourcelabel": row["prodsourcelabel"],
        "prodserieslabel": "pandatest",
        "produserid": plan.person.identity,
        "produsername": row["username"],
        "processingtype": row["processingtype"],
        "workinggroup": row["workinggroup"],
        "vo": row["vo"],
        "transformation": row["transpath"],
        "container_name": row["container_name"],
        "assignedpriority": row["taskpriority"],
        "currentpriority": row["currentpriority"],
        "workqueue_id": row["workqueue_id"],
        "gshare": row["gshare"],
        "job_label": row["prodsourcelabel"],
        "cloud": "US",
        "computingsite": queue.name,
        "corecount": queue.cores,
        "resource_type": queue.resource_type,
        "maxcpucount": 7200,
        "maxcpuunit": "s",
        "maxwalltime": queue.maxtime,
        "maxdiskcount": 5000,
        "maxdiskunit": "MB",
        "minramcount": queue.maxrss,
        "minramunit": "MB",
        "ipconnectivity": "yes",
        "lockedby": "jedi",
        "relocationflag": 1 if row["site"] else 0,
        "eventservice": 0,
        "proddblock": task.source["datasetname"] if task.source else None,
        "destinationse": plan.storage if task_rows.KINDS[plan.kind].output else storages.LOG_STORAGE,
        "destinationdblock": f"{row['taskname']}.log",
    }


def _parameters(world: World, task: Task, row: Row, entry: Row) -> Row:
    words = (
        "-j ''",
        "--sourceURL https://pandaserver01.sdcc.bnl.gov:25443",
        "-r .",
        f'-p "bash%20run.sh%20--version%20{task.row["campaign"]}%20--row%20{entry["lfn"]}"',
        f"-o \"{{'log': '{row['jobname']}'}}\"",
        f"--rse {task.plan.storage}",
        f"--container {row['container_name']}",
    )
    return {"pandaid": row["pandaid"], "modificationtime": world.now, "jobparameters": " ".join(words)}


def _products(world: World, task: Task, pandaid: int) -> list[Row]:
    task.serial += 1
    name, products = str(task.row["taskname"]), []
    for dataset in task.products:
        lfn = f"{name}.{task.id}.{task.serial:06d}.log.tgz"
        if dataset["type"] == "output":
            lfn = f"{name}.{pandaid}.{task.serial:06d}.edm4eic.root"
        products.append(task_rows.product_file(world, task, dataset, lfn, pandaid))
    return products


def _input_file(world: World, job: Job) -> Row:
    entry, source = job.input, job.task.source or {}
    return _file(world, job, entry, source["datasetname"]) | {
        "status": "ready",
        "proddblock": source["datasetname"],
        "fsize": entry["fsize"] or 0,
        "attemptnr": entry["attemptnr"],
        "guid": None if entry["type"] == "pseudo_input" else str(UUID(int=int(entry["fileid"]) * 982451653)),
    }


def _output_file(world: World, job: Job, product: Row) -> Row:
    dataset = next(d for d in job.task.products if d["datasetid"] == product["datasetid"])
    return _file(world, job, product, dataset["datasetname"]) | {
        "status": "unknown",
        "destinationdblock": dataset["datasetname"],
        "destinationse": dataset["destination"],
        "attemptnr": 0,
    }


def _file(world: World, job: Job, entry: Row, dataset: Any) -> Row:
    return _EMPTY_FILE | {
        "row_id": world.number("row"),
        "pandaid": job.row["pandaid"],
        "modificationtime": world.now,
        "lfn": entry["lfn"],
        "type": entry["type"],
        "dataset": dataset,
        "fsize": 0,
        "scope": entry["scope"],
        "jeditaskid": job.task.id,
        "datasetid": entry["datasetid"],
        "fileid": entry["fileid"],
    }


def _summary(job: Job) -> Row:
    """Numbers of files, known at creation."""
    real = job.input["type"] == "input"
    outputs = [product for product in job.outputs if product["type"] == "output"]
    return {
        "ninputdatafiles": 1 if real else 0,
        "inputfilebytes": job.input["fsize"] if real else 0,
        "inputfiletype": "RECO" if real else None,
        "noutputdatafiles": len(outputs),
    }


def _link_to_parent(world: World, job: Job, parent: int | None) -> None:
    if parent is None:
        return
    origin = job.task.origins.get(parent, parent)
    job.task.origins[job.row["pandaid"]] = origin
    world.ledger.append(
        "jedi_job_retry_history",
        {
            "jeditaskid": job.task.id,
            "oldpandaid": parent,
            "newpandaid": job.row["pandaid"],
            "ins_utc_tstamp": world.now,
            "relationtype": "retry",
            "originpandaid": origin,
        },
    )
