"""The scenarios. Each is a class: its chapters, what they do, and what alarms have to find.

To add one, derive from `Story` and name the class in `STORIES`; what it does not say is the quiet night.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Final

from swf_testbed.simulation.behaviour import incidents
from swf_testbed.simulation.behaviour.circumstances import Circumstances
from swf_testbed.simulation.catalogue import failures
from swf_testbed.simulation.catalogue.failures import Failure
from swf_testbed.simulation.core.world import Job, World
from swf_testbed.simulation.scenarios.cast import BIG_SITE, LONG, RELEASE, STORM, Role, role
from swf_testbed.simulation.scenarios.seen import SeenJob
from swf_testbed.simulation.scenarios.story import CURTAIN, FAULT_AT, Chapter, Expectation, Story, plays
from swf_testbed.simulation.storage.marks import Marks

Tasks = Mapping[Role, tuple[int, ...]]


class QuietNight(Story):
    """Nothing that anybody has to get up for."""

    name: ClassVar[str] = "quiet-night"
    summary: ClassVar[str] = "the usual failures, a planned downtime, a failing test: no fault"


class SiteOutage(Story):
    """The largest site loses its software: running jobs fall silent, new ones fail; two hours later no pilots come."""

    name: ClassVar[str] = "site-outage"
    summary: ClassVar[str] = f"{BIG_SITE} loses CVMFS: its jobs fail, later none start, though it is online"
    spreads: ClassVar[frozenset[str]] = frozenset({"task", "user", "campaign", "error"})

    def chapters(self) -> tuple[Chapter, ...]:
        """The software goes, then the pilots."""
        return (
            Chapter(FAULT_AT, "site fails", lambda world: incidents.lose_running_jobs(world, BIG_SITE, 1.0)),
            Chapter(FAULT_AT + 120, "no pilots"),
        )

    def trouble(self, world: World, job: Job) -> Failure | None:  # noqa: ARG002
        """Every job that starts there."""
        return failures.SITE_BROKEN if job.queue == BIG_SITE and self.is_on("site fails") else None

    def hands_out(self, world: World, job: Job) -> bool:
        """No pilot comes at last."""
        return super().hands_out(world, job) and not (job.queue == BIG_SITE and self.is_on("no pilots"))

    def suffers(self, job: SeenJob) -> bool:
        """Jobs that were there when it began, or came later."""
        begun = self.begun()
        return job.site == BIG_SITE and begun is not None and (job.is_live or job.changed >= begun)

    def expectations(self, tasks: Tasks, at: datetime) -> tuple[Expectation, ...]:  # noqa: ARG002
        """Failing, then idle; and one error everywhere."""
        site = f"site:{BIG_SITE}"
        return (
            Expectation("site-failure-ratio", site, "site fails", "no pilots", "CVMFS is gone on all its nodes"),
            Expectation("error-rising", "error:pilot:1377", "site fails", "no pilots", "every job there reports it"),
            Expectation("site-idle", site, "no pilots", None, "no pilots come though it is online and jobs wait"),
        )


class BadRelease(Story):
    """A new software release crashes at every site."""

    name: ClassVar[str] = "bad-release"
    summary: ClassVar[str] = "the month's release 2 crashes at once, at every site"
    spreads: ClassVar[frozenset[str]] = frozenset({"task", "user", "site", "error"})

    def chapters(self) -> tuple[Chapter, ...]:
        """The release goes out; on other nights it is a good one."""
        return (Chapter(FAULT_AT, "release is broken"),)

    def trouble(self, world: World, job: Job) -> Failure | None:  # noqa: ARG002
        """Every job that uses it."""
        return failures.RELEASE_BROKEN if plays(job, *RELEASE) else None

    def suffers(self, job: SeenJob) -> bool:
        """Every job that uses it."""
        return role(job.task.name) in RELEASE

    def expectations(self, tasks: Tasks, at: datetime) -> tuple[Expectation, ...]:  # noqa: ARG002
        """The campaign, and the crash as an error that was not there before."""
        since, campaign = "release is broken", f"campaign:{RELEASE[0].subject(at, 0).campaign}"
        return (
            Expectation("campaign-failure-ratio", campaign, since, None, "its library lacks a symbol"),
            Expectation("error-rising", "error:executor:127", since, None, "the crash, at all sites"),
        )


class UserStorm(Story):
    """A user submits many tasks with a script that cannot work."""

    name: ClassVar[str] = "user-storm"
    summary: ClassVar[str] = f"{STORM.person.name} submits eight tasks whose script fails at once"
    spreads: ClassVar[frozenset[str]] = frozenset({"task", "site", "campaign", "error"})

    def chapters(self) -> tuple[Chapter, ...]:
        """Two waves."""
        wave = self.submits(*(STORM,) * 4)
        return (Chapter(FAULT_AT, "storm", wave), Chapter(FAULT_AT + 25, "second wave", wave))

    def trouble(self, world: World, job: Job) -> Failure | None:  # noqa: ARG002
        """Every job of the storm."""
        return failures.SCRIPT_BROKEN if plays(job, STORM) else None

    def suffers(self, job: SeenJob) -> bool:
        """Every job of the storm."""
        return role(job.task.name) is STORM

    def expectations(self, tasks: Tasks, at: datetime) -> tuple[Expectation, ...]:  # noqa: ARG002
        """The user, and the error that the script makes."""
        user = f"user:{STORM.person.name}"
        return (
            Expectation("user-failure-ratio", user, "storm", None, "a module is missing in the script"),
            Expectation("error-rising", "error:executor:2", "storm", None, "the script's error, in all the tasks"),
        )


class StuckTask(Story):
    """The payloads of one large task wait for something that does not come: they run on and none ends."""

    name: ClassVar[str] = "stuck-task"
    summary: ClassVar[str] = f"a task of {LONG.size} jobs stops getting on: payloads run and send heartbeats, none ends"
    spreads: ClassVar[frozenset[str]] = frozenset({"site", "user", "campaign"})

    def chapters(self) -> tuple[Chapter, ...]:
        """It gets stuck."""
        return (Chapter(FAULT_AT, "task is stuck"),)

    def hangs(self, job: Job) -> bool:
        """No payload of the task ends."""
        return self.is_on("task is stuck") and plays(job, LONG)

    def suffers(self, job: SeenJob) -> bool:
        """Its jobs that have not ended."""
        return job.is_live and role(job.task.name) is LONG

    def expectations(self, tasks: Tasks, at: datetime) -> tuple[Expectation, ...]:  # noqa: ARG002
        """The task."""
        return tuple(
            Expectation("task-stuck", f"task:{number}", "task is stuck", None, "its payloads wait for a database")
            for number in tasks.get(LONG, ())
        )


STORIES: Final[Mapping[str, type[Story]]] = {
    story.name: story for story in (SiteOutage, BadRelease, UserStorm, StuckTask, QuietNight)
}
NAMES: Final = tuple(STORIES)


def continued(notes: Marks) -> Circumstances:
    """What a database with these notes goes on with: its story from where it stands, else ordinary life.

    Raises:
        LookupError: its story is not known here, or its history is not complete.
    """
    if notes.scenario is None:
        return Circumstances()
    return STORIES[notes.scenario](notes.chapters[CURTAIN] - notes.seeded_from, notes.chapters)
