"""Tasks that play a part in every story, the quiet night's among them, and the queues they play at.

A fault is what a story does to one of them; without it they are ordinary tasks that go well. So a scenario differs from
the quiet night by its fault alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from swf_testbed.simulation.behaviour.task_rows import Subject
from swf_testbed.simulation.catalogue import people, physics
from swf_testbed.simulation.catalogue.people import Person

#: Where most production runs.
BIG_SITE: Final = "BNL_OSG_EPIC_PROD_1"
#: In a planned downtime for some hours; nothing waits for it.
DOWNTIME: Final = "NERSC_Perlmutter_epic_dev"
#: Cloud nodes, of which a few are taken away for half an hour.
CLOUD: Final = "BNL_ePIC_GOOGLE"


@dataclass(frozen=True, slots=True)
class Role:
    """A kind of task of the cast.

    Attributes:
        ending: last part of its tasks' names, which no other task's name has.
        size: jobs per task.
        site: the queue it is bound to; None leaves it to the broker.
        patch: last number of its software release; this month's releases 0 and 1 are used by everybody.
    """

    ending: str
    size: int
    person: Person
    kind: str = "production"
    site: str | None = None
    patch: int = 0

    def changes(self) -> dict[str, Any]:
        """What its plan has beside what chance decided: nobody interferes, and it has no faults of its own."""
        return {
            "kind": self.kind,
            "person": self.person,
            "size": self.size,
            "pinned": self.site is not None,
            "by_login": False,
            "badness": 0.0,
            "broken": False,
            "scouts": False,
            "scouts_fail": False,
            "pending_first": False,
            "commands": (),
            "retried": False,
        }

    def subject(self, at: datetime, jeditaskid: int) -> Subject:
        """Name, software and input of a task that is submitted at that time."""
        version = f"{at.year % 100}.{at.month:02d}.{self.patch}"
        if self.kind == "analysis":
            name = f"user.{self.person.login}.{jeditaskid % 1000}.{self.ending}"
            return Subject(name, version, f"epic:/RECO/{version}/{physics.DETECTOR}/DIS/NC/10x100/minQ2=1")
        name = f"{physics.SCOPE}.{version}.{physics.DETECTOR}.p2{jeditaskid % 1000:03d}.{self.ending}"
        return Subject(name, version, "/EVGEN/DIS/NC/pythia8.316-1.0/noRad/ep/10x100/minQ2=1")


#: Event generator versions (e61 and so on) tell these apart from chance's tasks, which have less than 50.
STEADY: Final = Role("e61.s1.r1", 140, people.OPERATORS[0], site=BIG_SITE)
LONG: Final = Role("e62.s1.r1", 280, people.OPERATORS[1], site=BIG_SITE)
RELEASE: Final = tuple(
    Role(f"e{63 + number}.s1.r1", size, people.OPERATORS[number % 2], site=site, patch=2)
    for number, (site, size) in enumerate(
        ((CLOUD, 60), ("NERSC_Perlmutter_epic", 80), ("BNL_OSG_PanDA_1", 60), (BIG_SITE, 60), ("BNL_PanDA_1", 40))
    )
)
STORM: Final = Role("jets_scan", 60, people.ANALYSTS[2], kind="analysis")
TEST: Final = Role("smoketest", 1, people.ANALYSTS[3], kind="analysis", site="BNL_OSG_PanDA_1")
ROLES: Final = (STEADY, LONG, *RELEASE, STORM, TEST)


def role(taskname: str) -> Role | None:
    """The role that a task of this name plays."""
    return next((one for one in ROLES if taskname.endswith(f".{one.ending}")), None)
