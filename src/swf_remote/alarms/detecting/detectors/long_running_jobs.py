"""Jobs that run for too long, told by task, site or user."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from pydantic import Field

from swf_remote.alarms.detecting.contract import Detector, Finding, Link, Match, Parameters
from swf_remote.alarms.detecting.parameters import Days, Hours, Pattern
from swf_remote.alarms.detecting.patterns import matcher
from swf_remote.alarms.detecting.subjects import labelled, page
from swf_remote.alarms.inputs.answers import Answers
from swf_remote.alarms.inputs.items import Job
from swf_remote.alarms.inputs.queries import InputError, Jobs, Query

MOST_NAMED = 20


class LongRunningJobsParameters(Parameters):
    """When a job runs for too long."""

    hours: Hours = Field(48, title="For more than", description="Running for more than so many hours.")
    by: Literal["task", "site", "user"] = Field("task", title="Of each", description="Jobs of one are one event.")
    min_jobs: int = Field(1, ge=1, le=1_000_000, title="Jobs, at least", description="Fewer do not match.")
    since_days: Days = Field(7, title="Since", description="Looks at jobs that were heard of in so many days.")
    username: Pattern = Field("", title="User", description="Whose jobs; a percent sign stands for anything.")
    site: Pattern = Field("", title="Site", description="A percent sign stands for anything.")


class LongRunningJobs(Detector[LongRunningJobsParameters]):
    """From the list of running jobs."""

    name: ClassVar[str] = "long_running_jobs"
    title: ClassVar[str] = "Long-running jobs"
    summary: ClassVar[str] = "Jobs of a task (or site or user) run for more than so many hours."
    Parameters = LongRunningJobsParameters

    def queries(self, parameters: LongRunningJobsParameters) -> Sequence[Query[Any]]:
        """All running jobs."""
        return (Jobs("running", parameters.since_days),)

    def detect(self, parameters: LongRunningJobsParameters, answers: Answers, firing: AbstractSet[str]) -> Finding:
        """Everything is covered: jobs that no longer run are well.

        Raises:
            InputError: the list is cut, and the oldest are what is missing.
        """
        asked = Jobs("running", parameters.since_days)
        jobs = answers[asked]
        if len(jobs) >= asked.most:
            raise InputError(f"more than {asked.most} jobs run: the oldest of them are not told")
        user, site = matcher(parameters.username), matcher(parameters.site)
        begin = answers.now - timedelta(hours=parameters.hours)
        groups: defaultdict[str, list[tuple[datetime, Job]]] = defaultdict(list)
        for job in jobs:
            if job.started is None or job.started >= begin or not (user(job.user) and site(job.site)):
                continue
            if name := _group(job, parameters.by):
                groups[name].append((job.started, job))
        matches = [
            _match(name, sorted(old, key=lambda one: one[0]), answers.now, parameters)
            for name, old in groups.items()
            if len(old) >= parameters.min_jobs
        ]
        return Finding(matches)


def _group(job: Job, by: str) -> str:
    if by == "task":
        return str(job.jeditaskid) if job.jeditaskid is not None else ""
    return job.site if by == "site" else job.user


def _match(
    name: str, old: Sequence[tuple[datetime, Job]], now: datetime, parameters: LongRunningJobsParameters
) -> Match:
    oldest = (now - old[0][0]).total_seconds() / 3600
    lines = [
        f"{(now - at).total_seconds() / 3600:8.1f} h  job {job.pandaid} at {job.site}" for at, job in old[:MOST_NAMED]
    ]
    if len(old) > MOST_NAMED:
        lines.append(f"and {len(old) - MOST_NAMED} more")
    filters = {"task": {"taskid": name}, "site": {"site": name}, "user": {"username": name}}[parameters.by]
    sites, users = {job.site for _, job in old}, {job.user for _, job in old}
    labels = labelled(site=sites.pop() if len(sites) == 1 else "", user=users.pop() if len(users) == 1 else "")
    jobs = f"{len(old)} job{'s' if len(old) != 1 else ''}"
    return Match(
        fingerprint=f"long-running:{parameters.by}:{name}",
        subject=f"{parameters.by} {name}: {jobs} running for more than {parameters.hours:g} h, the oldest for "
        f"{oldest:.0f} h",
        metric=f"{jobs} > {parameters.hours:g} h",
        detail="\n".join(lines),
        labels=labels | {parameters.by: name},
        values={
            "jobs": len(old),
            "oldest_hours": round(oldest, 1),
            "pandaids": [job.pandaid for _, job in old[:MOST_NAMED]],
        },
        links=(
            Link("Running jobs", page("jobs", **filters, status="running", days=parameters.since_days)),
            Link(f"Job {old[0][1].pandaid}", f"panda/jobs/{old[0][1].pandaid}/"),
        ),
    )
