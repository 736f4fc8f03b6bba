"""What pilots and server write into a job's rows: identity, progress, final report, errors, files, metadata."""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy import String

from swf_monitor.panda.schema import table
from swf_testbed.simulation.behaviour import workers
from swf_testbed.simulation.catalogue import failures, storages
from swf_testbed.simulation.catalogue.failures import Failure
from swf_testbed.simulation.core.chance import spread
from swf_testbed.simulation.core.ledger import Row
from swf_testbed.simulation.core.world import Job, World

_SIZES: Final = {
    c.name: c.type.length for c in table("jobsactive4").columns if isinstance(c.type, String) and c.type.length
}
_CPU: Final = ("s", "AMD EPYC 7763 64-Core Processor 512 KB", "Intel(R) Xeon(R) Gold 6336Y CPU @ 2.40GHz 36864 KB")
_CODES: Final = (
    "piloterrorcode",
    "exeerrorcode",
    "ddmerrorcode",
    "jobdispatchererrorcode",
    "taskbuffererrorcode",
    "superrorcode",
)
_PILOT: Final = "PR|3.10.2.55"


def fitted(values: Row) -> Row:
    """The values, with texts cut to their columns."""
    return {name: value[: _SIZES.get(name)] if value.__class__ is str else value for name, value in values.items()}


def pilot_identity(world: World, job: Job) -> Row:
    """Who has the job now: submitter, pilot, batch id, worker node."""
    worker, queue = job.worker, world.queues[job.queue]
    assert worker is not None, "a job is handed out to a worker"
    return fitted(
        {
            "schedulerid": worker["harvesterid"],
            "pilotid": f"{worker['stdout']}|{queue.batch.capitalize()}|{_PILOT}",
            "batchid": worker["batchid"],
            "computingelement": queue.element,
            "modificationhost": f"slot1_{job.row['pandaid'] % 48}@{workers.node_name(world, job)}",
        }
    )


def start_values(job: Job) -> Row:
    """What the first message of a running job says."""
    level = ("x86_64-v3", "x86_64-v3", "x86_64-v4")[spread(job.row["pandaid"], 2, 0, 2)]
    special = {"specialhandling": "debug"} if job.plan.debugged else {}
    return {
        "actualcorecount": job.row["corecount"],
        "meancorecount": float(job.row["corecount"]),
        "cpu_architecture_level": level,
    } | special


def _wall(world: World, job: Job) -> float:
    return max(0.0, (world.now - job.row["starttime"]).total_seconds()) if job.row["starttime"] else 0.0


def progress(world: World, job: Job) -> Row:
    """What a heartbeat says: CPU time so far, and the first time what the node is like and how much memory is used."""
    cpu = int(_wall(world, job) * job.plan.efficiency * int(job.row["corecount"] or 1))
    if job.row["maxrss"] is not None:
        return {"cpuconsumptiontime": cpu}
    memory = job.plan.memory
    return {
        "cpuconsumptiontime": cpu,
        "cpuconsumptionunit": _CPU[int(job.row["pandaid"]) % len(_CPU)],
        "maxrss": memory,
        "maxpss": int(memory * 0.93),
        "maxvmem": int(memory * 2.1),
        "maxswap": 0,
        "avgrss": int(memory * 0.81),
        "avgpss": int(memory * 0.76),
        "avgvmem": int(memory * 1.9),
        "avgswap": 0,
    }


def note_output(world: World, job: Job) -> None:
    """Keep the last lines of a debugged job's output."""
    if not job.plan.debugged:
        return
    lines = [f"[{world.now:%H:%M:%S}] eicrecon: event {n * 17} of 1000 done, {n % 3} warnings" for n in range(1, 9)]
    row = {"pandaid": job.row["pandaid"], "stdout": "\n".join(["Setting up detector epic_craterlake <ok>", *lines])}
    if job.debug_row is None:
        job.debug_row = row
        world.ledger.add("jobsdebug", row)
    else:
        world.ledger.change("jobsdebug", job.debug_row, stdout=row["stdout"])


def final_report(world: World, job: Job, failure: Failure | None) -> Row:
    """The pilot's last message: use of resources, timing, exit code, errors."""
    values = progress(world, job) | _work_done(world, job)
    if failure is None:
        return fitted(values | {"transexitcode": "0"})
    return fitted(values | error_values(world, job, failure))


def _work_done(world: World, job: Job) -> Row:
    wall, pandaid = _wall(world, job), int(job.row["pandaid"])
    power = world.queues[job.queue].corepower
    cores = int(job.row["corecount"] or 1)
    written = int(wall * 41000)
    return {
        "pilottiming": _timing(pandaid, wall),
        "jobmetrics": f"coreCount={cores} nEvents={job.row['nevents']} dbTime={spread(pandaid, 3, 0, 900) / 100} "
        f"leak={spread(pandaid, 4, -900, 4000) / 1000} chi2={spread(pandaid, 5, 0, 300) / 100}",
        "hs06": int(cores * power),
        "hs06sec": int(wall * cores * power),
        "ninputfiles": job.row["ninputdatafiles"],
        "totrchar": written * 9,
        "totwchar": written * 2,
        "totrbytes": written * 3,
        "totwbytes": written,
        "raterchar": 369,
        "ratewchar": 82,
        "raterbytes": 123,
        "ratewbytes": 41,
        "diskio": spread(pandaid, 6, 50, 900),
        "memory_leak": spread(pandaid, 7, 0, 40),
        "memory_leak_x2": spread(pandaid, 8, 0, 4000) / 1000,
        "gco2_global": round(wall / 3600 * cores * 4.2, 2),
        "gco2_regional": round(wall / 3600 * cores * 3.1, 2),
        "outputfilebytes": _output_size(job, pandaid),
    }


def _timing(pandaid: int, wall: float) -> str:
    """Seconds of getjob, stage-in, payload, stage-out, initial setup, payload setup."""
    phases = (
        spread(pandaid, 9, 1, 9),
        spread(pandaid, 10, 0, 60),
        int(wall * 0.95),
        *(spread(pandaid, n, 2, 80) for n in (11, 12, 13)),
    )
    return "|".join(map(str, phases))


def _output_size(job: Job, pandaid: int) -> int:
    """Bytes of the log, and of the output where PanDA has some."""
    science = spread(pandaid, 14, 4, 90) * 10**7 if job.row["noutputdatafiles"] else 0
    return science + spread(pandaid, 15, 40_000, 900_000)


def error_values(world: World, job: Job, failure: Failure) -> Row:
    """The error columns of a failed job."""
    rng = world.dice("error", job.row["pandaid"])
    return fitted(failures.fill(failure, rng, _facts(world, job)))


def _facts(world: World, job: Job) -> dict[str, str]:
    """What error texts are about."""
    row, storage = job.row, storages.BY_NAME[job.task.plan.storage]
    stem = f"{row['computingsite']}_{row['pandaid']}"
    log = job.files[-1]["lfn"]
    return {
        "host": workers.node_name(world, job),
        "path": f"/srv/pilot/PanDA_Pilot-{row['pandaid']}",
        "when": f"{world.now:%Y-%m-%dT%H:%M:%S}",
        "heartbeat": f"{row['modificationtime']:%Y-%m-%d %H:%M:%S}",
        "pid": str(row["batchid"] or row["pandaid"]),
        "rse": storage.name,
        "door": storage.door,
        "site": str(row["computingsite"]),
        "stem": stem,
        "lfn": f"{stem}.edm4eic.root" if str(log).endswith(".tgz") else str(log),
        "dataset": str(row["destinationdblock"]),
        "container": str(row["container_name"]),
        "hash": f"{int(row['jeditaskid']) * 2654435761 % 2**64:032x}",
        "adler": f"{int(row['pandaid']) * 40503 % 2**32:08x}",
        "url": f"https://pandamon01.sdcc.bnl.gov/filebrowser/?pandaid={row['pandaid']}",
    }


def reported_failure(job: Job) -> bool:
    """Whether the row already holds an error, so that registration can only confirm it."""
    return any(job.row[column] for column in _CODES)


def success_values(job: Job) -> Row:
    """What the server adds when all is registered."""
    return {"jobsubstatus": None, "jobdispatchererrorcode": 0, "nevents": job.row["nevents"]}


def settle_files(world: World, job: Job) -> None:
    """Give files their last state, and keep the job report."""
    good = job.state == "finished"
    for file in job.files:
        if file["type"] in ("output", "log"):
            world.ledger.change("filestable4", file, **_file_end(job, file, good))
    if job.row["transexitcode"] and (not good or job.plan.moment < 0.25):
        job.report = {
            "pandaid": job.row["pandaid"],
            "modificationtime": job.row["modificationtime"],
            "metadata": _job_report(job),
        }
        world.ledger.add("metatable", job.report)


def _file_end(job: Job, file: Row, good: bool) -> dict[str, Any]:
    if not good and (file["type"] == "output" or not job.row["pilottiming"]):
        return {"status": "failed"}
    number = int(file["fileid"])
    return {
        "status": "ready",
        "fsize": 30_000 + number * 7919 % 800_000 if file["type"] == "log" else int(job.row["outputfilebytes"] or 0),
        "checksum": f"ad:{number * 2654435761 % 2**32:08x}",
        "guid": f"{number * 11400714819323198485 % 2**128:032x}",
    }


def _job_report(job: Job) -> str:
    """A short payload report, as the payload leaves it."""
    row = job.row
    document = {
        "exitCode": int(row["transexitcode"]),
        "exitMsg": row["exeerrordiag"] or "OK",
        "resource": {
            "cpuTime": int(row["cpuconsumptiontime"]),
            "maxRSS": row["maxrss"],
            "executor": row["container_name"],
        },
        "files": {
            "output": [
                {"lfn": file["lfn"], "size": file["fsize"]} for file in job.files if file["type"] != "pseudo_input"
            ]
        },
    }
    return json.dumps(document, ensure_ascii=False)
