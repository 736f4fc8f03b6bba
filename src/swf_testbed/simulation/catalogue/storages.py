"""Storage endpoints (RSE): where logs and science data go. One that is ill makes jobs fail at output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Storage:
    """One endpoint; ``share`` is its part of production output, 0 for one that only keeps logs."""

    name: str
    site: str
    share: float
    door: str
    terabytes: int


STORAGES: Final = (
    Storage("EIC-XRD", "JLAB", 5, "root://dtn-eic.jlab.org:1094//volatile/eic/EPIC", 2400),
    Storage("BNL_PROD_DISK_1", "BNL", 3, "root://dcintdoor.sdcc.bnl.gov:1094/pnfs/sdcc.bnl.gov/eic/epic/disk", 1800),
    Storage("JLAB_DISK_1", "JLAB", 2, "root://dtn2302.jlab.org:1094//eic/disk", 900),
    Storage("ASGC-XRD", "ASGC", 2, "root://eos-eic.grid.sinica.edu.tw:1094//eos/eic", 600),
    Storage("CNAF_DISK", "CNAF", 1, "davs://xfer-eic.cr.cnaf.infn.it:8443/eic", 350),
    Storage("EIC-XRD-LOG", "JLAB", 0, "root://dtn-eic.jlab.org:1094//volatile/eic/LOG", 80),
    Storage("E1_BNL_DISK_1", "BNL", 0, "root://e1-dtn.sdcc.bnl.gov:1094//e1", 500),
    Storage("E1_JLAB_DISK_1", "JLAB", 0, "root://e1-dtn.jlab.org:1094//e1", 500),
)
PRODUCTION: Final = tuple(storage for storage in STORAGES if storage.share)
BY_NAME: Final = {storage.name: storage for storage in STORAGES}
LOG_STORAGE: Final = "EIC-XRD-LOG"
