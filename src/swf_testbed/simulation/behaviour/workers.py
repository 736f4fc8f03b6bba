"""Harvester workers: the batch jobs that carry pilots. One per job, and now and then one that finds no work."""

from __future__ import annotations

from typing import Final

from swf_monitor.panda.schema import table
from swf_testbed.simulation.catalogue.queues import Queue
from swf_testbed.simulation.core.chance import spread
from swf_testbed.simulation.core.ledger import Row
from swf_testbed.simulation.core.world import Job, World
from swf_testbed.simulation.states.legal import WORKER_FINAL
from swf_testbed.simulation.states.moves import move_worker

_EMPTY: Final[Row] = {column.name: None for column in table("harvester_workers").columns}
_NODE: Final = {"slurm": "nid{:06d}", "k8s": "gke-epic-pool-{:03d}", "condor": "acas{:04d}.usatlas.bnl.gov"}
_NATIVE: Final = {"finished": "COMPLETED", "failed": "FAILED", "cancelled": "REMOVED", "missed": "REMOVED"}


def submit(world: World, job: Job) -> None:
    """Harvester sends a worker for this job to the batch system."""
    if job.worker is not None:
        return
    queue = world.queues[job.queue]
    job.worker = _submitted(world, queue, str(job.row["prodsourcelabel"]), 1)
    world.ledger.append(
        "harvester_rel_jobs_workers",
        {
            "harvesterid": job.worker["harvesterid"],
            "workerid": job.worker["workerid"],
            "pandaid": job.row["pandaid"],
            "lastupdate": world.now,
        },
    )
    if job.plan.brings_idle_worker:
        follow_idle(world, _submitted(world, queue, "ANY", 0))


def _submitted(world: World, queue: Queue, jobtype: str, jobs: int) -> Row:
    number = world.number("worker")
    host = f"{queue.harvester}.sdcc.bnl.gov"
    stem = f"https://{host}/condor_logs/{world.now:%y-%m-%d_%H}/grid.{number}.0"
    perlmutter = queue.batch == "slurm" and "Perlmutter" in queue.name
    worker = _EMPTY | {
        "harvesterid": queue.harvester,
        "workerid": number,
        "lastupdate": world.now,
        "status": "submitted",
        "batchid": f"{number * 3 + 11}.0" if queue.batch == "condor" else str(number * 7 + 5),
        "queuename": queue.name,
        "computingsite": queue.name,
        "submittime": world.now,
        "ncore": queue.cores,
        "errorcode": 0,
        "stdout": None if perlmutter else f"{stem}.out",
        "stderr": None if perlmutter else f"{stem}.err",
        "batchlog": None if perlmutter else f"{stem}.log",
        "resourcetype": queue.resource_type,
        "nativestatus": "submitted",
        "computingelement": queue.element,
        "njobs": jobs,
        "submissionhost": f"{queue.harvester}.sdcc.bnl.gov",
        "harvesterhost": host,
        "jdl": f"{stem}.jdl",
        "jobtype": jobtype,
        "minramcount": queue.maxrss,
    }
    world.ledger.add("harvester_workers", worker)
    return worker


def start(world: World, job: Job) -> None:
    """The batch system starts the job's worker."""
    submit(world, job)
    if job.worker is not None and job.worker["status"] == "submitted":
        move_worker(world, job.worker, "running", nodeid=node_name(world, job))


def node_name(world: World, job: Job) -> str:
    """The worker node of a job."""
    number = spread(job.row["pandaid"], 1, 1, 480)
    return _NODE[world.queues[job.queue].batch].format(number)


def end(world: World, job: Job, state: str, *, code: int = 0, text: str = "") -> None:
    """The job's worker ends, if there is one that has not."""
    worker = job.worker
    if worker is None or worker["status"] in WORKER_FINAL:
        return
    final = "cancelled" if worker["status"] == "submitted" else state
    move_worker(
        world,
        worker,
        final,
        errorcode=code,
        diagmessage=text[:500] or None,
        nativestatus=_NATIVE[final],
        nativeexitcode=0 if final == "finished" else 1,
    )


def follow_idle(world: World, worker: Row) -> None:
    """A worker for which there is no job: it starts, finds nothing, ends."""
    wait = world.dice("idle", worker["workerid"]).uniform(60, 1800)
    if worker["status"] == "submitted":
        world.later(worker["submittime"], wait, _start_idle, worker)
    else:
        world.later(worker["starttime"], 180, _end_idle, worker)


def _start_idle(world: World, worker: Row) -> None:
    move_worker(world, worker, "running")
    follow_idle(world, worker)


def _end_idle(world: World, worker: Row) -> None:
    move_worker(world, worker, "finished", nativestatus="COMPLETED", nativeexitcode=0)
