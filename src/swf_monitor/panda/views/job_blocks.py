"""The blocks of the job page that are lists of labels and values (contract 4.6), as plain data.

A fact without a value is left out; a block without facts is not shown. Nothing here is markup: the template escapes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.urls import reverse
from sqlalchemy import RowMapping

from swf_monitor.panda.formatting import between, count, is_set, long_duration, percent, size, stamp, with_query
from swf_monitor.panda.queries.job import FoundJob
from swf_monitor.panda.views.transformation import transformation_url

_NO_VALUE: Final = (None, "", "NULL")
_KIBI: Final = 1024
_MEMORY: Final = (("Max RSS", "maxrss"), ("Avg PSS", "avgpss"), ("Max PSS", "maxpss"), ("Max VMem", "maxvmem"))
# Zero in these columns means that nothing was measured or asked for.
_FURTHER: Final = (
    ("Parent job", "parentid"),
    ("Job set", "jobsetid"),
    ("Share", "gshare"),
    ("Resource type", "resource_type"),
    ("Special handling", "specialhandling"),
    ("Command to pilot", "commandtopilot"),
    ("Batch ID", "batchid"),
    ("Pilot timing", "pilottiming"),
    ("Job metrics", "jobmetrics"),
    ("Destination storage", "destinationse"),
    ("Destination block", "destinationdblock"),
    ("Input dataset", "proddblock"),
    ("Release", "atlasrelease"),
    ("Home package", "homepackage"),
)
_WORKER_TITLES: Final = {
    "harvesterid": "Harvester",
    "workerid": "Worker ID",
    "status": "Status",
    "batchid": "Batch ID",
    "nodeid": "Node",
    "queuename": "Queue",
    "computingsite": "Site",
    "computingelement": "Computing element",
    "submittime": "Submitted (UTC)",
    "starttime": "Started (UTC)",
    "endtime": "Ended (UTC)",
    "lastupdate": "Last update (UTC)",
    "ncore": "Cores",
    "nativestatus": "Batch status",
    "nativeexitcode": "Batch exit code",
    "errorcode": "Error code",
    "diagmessage": "Diagnostic",
    "submissionhost": "Submission host",
    "pilotstatus": "Pilot status",
}


@dataclass(frozen=True)
class Fact:
    """A label and a value; `url` makes it a link, `copied` adds a copy button, `state` shows it as a badge."""

    label: str
    value: str
    url: str = ""
    copied: bool = False
    state: bool = False


@dataclass(frozen=True)
class Block:
    """A titled list of facts."""

    title: str
    facts: list[Fact]


def information(job: FoundJob) -> Block:
    """Who, what and where."""
    return _block(
        "Job Information",
        Fact("PanDA ID", str(job["pandaid"]), copied=True),
        Fact("Job Name", _text(job["jobname"])),
        Fact("Status", _text(job["jobstatus"]), state=True),
        Fact("Substatus", _text(job["jobsubstatus"])),
        Fact("Attempt", str(job["attemptnr"]) if job["attemptnr"] else ""),
        Fact("Priority", _text(job["currentpriority"])),
        Fact("Owner / VO", " / ".join(filter(None, (job["produsername"], job["vo"])))),
        Fact("Working Group", _text(job["workinggroup"])),
        Fact("Site", _text(job["computingsite"]), url=_jobs_at(job["computingsite"])),
        Fact("Worker Node", _text(job["modificationhost"])),
        Fact("Computing Element", _text(job["computingelement"])),
        Fact("Container", _text(job["container_name"])),
        Fact("Transformation", _text(job["transformation"]), url=transformation_url(job["transformation"])),
        Fact("Processing Type", _text(job["processingtype"])),
        Fact("Request ID", _text(job["reqid"])),
    )


def timing(job: FoundJob) -> Block:
    """When; all times UTC."""
    return _block(
        "Timing",
        Fact("Created (UTC)", stamp(job["creationtime"])),
        Fact("Started (UTC)", stamp(job["starttime"])),
        Fact("Ended (UTC)", stamp(job["endtime"])),
        Fact("Last modified (UTC)", stamp(job["modificationtime"])),
        Fact("Duration", _span(job["starttime"], job["endtime"])),
        Fact("Wait Time", _span(job["creationtime"], job["starttime"])),
    )


def resources(job: FoundJob) -> Block:
    """What the job used; PanDA stores memory in kibibytes."""
    return _block(
        "Resources",
        Fact("Cores", _positive(job["actualcorecount"] or job["corecount"])),
        Fact("Events", count(job["nevents"]) if job["nevents"] else ""),
        Fact("CPU Time", long_duration(float(job["cpuconsumptiontime"])) if job["cpuconsumptiontime"] else ""),
        Fact("CPU Efficiency", percent(cpu_efficiency(job))),
        *(Fact(label, memory(job[column])) for label, column in _MEMORY),
        Fact("Max Walltime", long_duration(float(job["maxwalltime"])) if job["maxwalltime"] else ""),
        Fact("Input Size", size(job["inputfilebytes"]) if job["inputfilebytes"] else ""),
        Fact("Output Size", size(job["outputfilebytes"]) if job["outputfilebytes"] else ""),
    )


def task(row: RowMapping | None) -> Block:
    """The task the job belongs to."""
    if row is None:
        return Block("Task", [])
    return _block(
        "Task",
        Fact("Task ID", str(row["jeditaskid"]), url=reverse("panda_task_detail", args=[row["jeditaskid"]])),
        Fact("PanDA Name", _text(row["taskname"])),
        Fact("Status", _text(row["status"]), state=True),
        Fact("User", _text(row["username"])),
        Fact("Error", _text(row["errordialog"])),
    )


def further(job: FoundJob) -> Block:
    """What else is worth reading before the list of all columns."""
    return _block("Other job parameters", *(Fact(label, _positive(job[column])) for label, column in _FURTHER))


def worker(row: RowMapping) -> Block:
    """One Harvester worker."""
    return _block("Harvester Worker", *(Fact(title, _plain(row[column])) for column, title in _WORKER_TITLES.items()))


def everything(job: FoundJob) -> list[tuple[str, str]]:
    """Every column that has a value, sorted by name."""
    return sorted((name, text) for name, value in job.row.items() if (text := _plain(value)))


def ended(job: FoundJob) -> datetime | None:
    """When the job ended, or None."""
    return job["endtime"] if is_set(job["endtime"]) else None


def cpu_efficiency(job: FoundJob) -> float | None:
    """CPU time per core and second of wall time, or None when either is unknown."""
    seconds = between(job["starttime"], job["endtime"])
    cores = job["actualcorecount"] or job["corecount"] or 1
    if not seconds or not job["cpuconsumptiontime"]:
        return None
    return float(job["cpuconsumptiontime"]) / (seconds * cores)


def memory(kibibytes: int | None) -> str:
    """An amount of memory given in KiB, in binary units; empty for none."""
    if not kibibytes:
        return ""
    amount = float(kibibytes)
    for unit in ("KiB", "MiB", "GiB"):
        if amount < _KIBI:
            return f"{amount:.3g} {unit}"
        amount /= _KIBI
    return f"{amount:.3g} TiB"


def _block(title: str, *facts: Fact) -> Block:
    return Block(title, [fact for fact in facts if fact.value])


def _jobs_at(site: str | None) -> str:
    return with_query(reverse("panda_jobs_list"), {"site": site}) if site else ""


def _text(value: Any) -> str:
    return "" if value in _NO_VALUE else str(value)


def _positive(value: Any) -> str:
    """The value as text; nothing for zero, which PanDA writes for "not known" in these columns."""
    return "" if isinstance(value, int) and value <= 0 else _text(value)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return stamp(value) if is_set(value) else ""
    return _text(value)


def _span(start: datetime | None, end: datetime | None) -> str:
    seconds = between(start, end)
    return "" if seconds is None else long_duration(seconds)
