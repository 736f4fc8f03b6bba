"""The compute queues: how much work each takes, how long jobs wait there, how pilots come, how often jobs fail.

Waits (median, 90 %) and shares follow epic-facts 7; a queue's document has the keys that monitors read (epic-facts 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

MINUTE: Final = 60.0
HOUR: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Queue:
    """One PanDA queue. Times are seconds."""

    name: str
    share: float
    wait: tuple[float, float]
    batch: str = "condor"
    pull: bool = False
    capability: str = "score"
    resource: str = "GRID"
    kind: str = "production"
    cores: int = 1
    pace: float = 1.0
    failure_rate: float = 0.04
    harvester: str = "harvester-epic-bnl"
    element: str = "osg-ce01.sdcc.bnl.gov"
    site: str = "BNL-OSG"
    country: str = "US"
    region: str = "US"
    tier: str = "T1"
    corepower: float = 12.32
    maxrss: int = 4096
    maxtime: int = 86400
    tests_only: bool = False

    @property
    def resource_type(self) -> str:
        """PanDA's resource class of a job here."""
        return "SCORE" if self.cores == 1 else "MCORE"

    def document(self) -> dict[str, Any]:
        """The queue's configuration as `schedconfig_json` holds it, online."""
        return {
            **self._identity(),
            "status": "online",
            "state": "ACTIVE",
            "comment": "",
            "corecount": self.cores,
            "corepower": self.corepower,
            "maxrss": self.maxrss,
            "maxtime": self.maxtime,
            "maxwdir": 30000,
            "pilot_version": "3",
            "container_type": "apptainer:pilot",
            "workflow": "pull" if self.pull else "push",
            "catchall": "singularity_options=-B /cvmfs",
            "copytools": {"rucio": {"setup": ""}, "gfal": {"setup": ""}},
            "acopytools": {"pr": ["rucio"], "pw": ["rucio"], "pl": ["gfal"]},
            "astorages": {"pr": ["EIC-XRD"], "pw": ["EIC-XRD"], "pl": ["BNL_PROD_DISK_1"]},
            "queues": [{"ce_endpoint": f"{self.element}:9619", "ce_flavour": self.batch, "ce_state": "ACTIVE"}],
        }

    def _identity(self) -> dict[str, Any]:
        return {
            "siteid": self.name,
            "nickname": self.name,
            "panda_resource": self.name,
            "vo_name": "eic",
            "type": self.kind,
            "resource_type": self.resource,
            "capability": self.capability,
            "atlas_site": self.site,
            "gocname": self.site,
            "cloud": "US",
            "country": self.country,
            "region": self.region,
            "tier": self.tier,
            "harvester": self.harvester,
        }


def _perlmutter(name: str, share: float, wait: tuple[float, float], **more: Any) -> Queue:
    settings: dict[str, Any] = {
        "batch": "slurm",
        "capability": "mcore",
        "resource": "hpc_special",
        "pace": 0.8,
        "harvester": "harvester-epic-nersc",
        "element": "perlmutter.nersc.gov",
        "site": "NERSC",
        "tier": "T3D",
    }
    return Queue(name, share, wait, **(settings | more))


QUEUES: Final = (
    Queue("BNL_OSG_EPIC_PROD_1", 27, (2.1 * HOUR, 8.8 * HOUR), failure_rate=0.035),
    Queue(
        "BNL_EPIC_PROD_1", 8, (35 * MINUTE, 2.5 * HOUR), element="gridgk03.sdcc.bnl.gov", site="BNL", failure_rate=0.02
    ),
    Queue("BNL_PanDA_1", 4, (40 * MINUTE, 2.6 * HOUR), element="gridgk04.sdcc.bnl.gov", site="BNL", pull=True),
    Queue("BNL_OSG_PanDA_1", 5, (3.1 * MINUTE, 4.4 * MINUTE), pull=True, failure_rate=0.03),
    Queue("BNL_OSG_PanDA_CI", 2, (3.2 * MINUTE, 6.7 * MINUTE), pull=True, tests_only=True, failure_rate=0.06),
    Queue(
        "BNL_ePIC_GOOGLE",
        12,
        (6 * MINUTE, 25 * MINUTE),
        batch="k8s",
        resource="cloud",
        harvester="harvester-epic-k8s",
        element="gke-epic-prod.us-east4",
        site="GOOGLE",
        tier="T3",
        failure_rate=0.10,
    ),
    Queue(
        "UM_GREX_PanDA_1",
        13,
        (12.0 * HOUR, 28.3 * HOUR),
        batch="slurm",
        resource="cluster",
        element="grex.hpc.umanitoba.ca",
        site="UM-GREX",
        country="CA",
        region="CA",
        tier="T2",
        corepower=0.0,
        failure_rate=0.05,
    ),
    _perlmutter("NERSC_Perlmutter_epic", 17, (18.8 * MINUTE, 1.6 * HOUR), failure_rate=0.03),
    _perlmutter("NERSC_Perlmutter_epic_test", 8, (15.3 * HOUR, 16.3 * HOUR), failure_rate=0.05),
    _perlmutter("NERSC_Perlmutter_epic_dev", 2, (6.3 * MINUTE, 8.3 * MINUTE), tests_only=True, failure_rate=0.08),
    _perlmutter(
        "NERSC_Perlmutter_epic_gpu_test",
        0.5,
        (7.6 * MINUTE, 8.3 * MINUTE),
        capability="ucore",
        resource="gpu",
        kind="unified",
        cores=16,
        maxrss=64000,
        tests_only=True,
    ),
    _perlmutter(
        "NERSC_Perlmutter_epic_gpu_mps", 0.7, (6.8 * MINUTE, 8.6 * MINUTE), resource="gpu", cores=16, tests_only=True
    ),
    Queue(
        "BNL_NPPS_GPU",
        0.8,
        (2 * MINUTE, 6 * MINUTE),
        pull=True,
        capability="ucore",
        resource="gpu",
        kind="unified",
        cores=8,
        maxrss=48000,
        element="npps-gpu01.bnl.gov",
        site="BNL",
        tests_only=True,
    ),
    Queue(
        "E1_BNL", 0, (20.0, 50.0), pull=True, element="e1-ce.sdcc.bnl.gov", site="BNL", tier="T0", failure_rate=0.015
    ),
    Queue("E1_JLAB", 0, (25.0, 70.0), pull=True, element="e1-ce.jlab.org", site="JLAB", tier="T0", failure_rate=0.015),
)
BY_NAME: Final = {queue.name: queue for queue in QUEUES}

#: Where streaming data is processed: the two "Echelon 1" centres.
STREAMING: Final = ("E1_BNL", "E1_JLAB")
