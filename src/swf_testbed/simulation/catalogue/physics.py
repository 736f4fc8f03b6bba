"""Campaigns, samples and dataset names as ePIC writes them (epic-facts 2)."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Final

from swf_testbed.simulation.core.chance import weighted

SCOPE: Final = "group.EIC"
DETECTOR: Final = "epic_craterlake"
TRANSFORMATION: Final = "https://pandaserver-doma.cern.ch/trf/user/runGen-00-00-02"

BEAMS: Final = ("5x41", "10x100", "10x130", "9x130", "10x275", "18x275")
Q2_RANGES: Final = ("q2_1to10", "q2_10to100", "q2_100to1000", "minQ2=1", "minQ2=10")
ANGLES: Final = ("3to50deg", "45to135deg", "130to177deg")
#: Physics class: tag's first digit, name in paths, generator, share.
CLASSES: Final = (
    (1, "SINGLE/e-", "gun", 3),
    (2, "DIS/NC", "pythia8.316-1.0", 5),
    (3, "EXCLUSIVE/DVCS_ABCONV", "epic-1.1.0", 2),
    (4, "SIDIS/D0", "pythia6.428-1.1", 2),
    (5, "EXCLUSIVE/DIFFRACTIVE_JPSI_ABCONV", "sartre-1.39", 2),
    (6, "BACKGROUNDS/BEAMGAS/proton", "pythia8.306-1.0", 1),
)


def campaign(at: datetime, rng: random.Random) -> str:
    """The software campaign of a task made at that time: mostly this month's, else last month's."""
    month = at.month if rng.random() < 0.75 else at.month - 1
    year, month = (at.year, month) if month else (at.year - 1, 12)
    return f"{year % 100}.{month:02d}.{1 if at.day > 15 and rng.random() < 0.5 else 0}"


def production_sample(rng: random.Random) -> tuple[str, str]:
    """Tags with sample of a production task, and its path in the event generator's catalogue."""
    digit, path, generator, _ = weighted(rng, CLASSES, [row[3] for row in CLASSES])
    beam, q2 = rng.choice(BEAMS), rng.choice(Q2_RANGES)
    tags = f"p{digit}{rng.randint(1, 399):03d}.e{rng.randint(1, 48)}.s{rng.randint(1, 2)}.r1"
    if digit == 1:
        angle = rng.choice(ANGLES)
        return f"{tags}.{angle}", f"/EVGEN/{path}/{rng.choice((1, 5, 10, 20))}GeV/{angle}"
    background = f".k{rng.randint(1, 4)}" if rng.random() < 0.2 else ""
    sample = rng.choice(("", "", f".{beam}.{q2.replace('=', '')}", ".ma_0.1"))
    return f"{tags}{background}{sample}", f"/EVGEN/{path}/{generator}/noRad/ep/{beam}/{q2}"


def container(version: str) -> str:
    """The image that a campaign runs."""
    return f"/cvmfs/singularity.opensciencegrid.org/eicweb/eic_xl:{version}-stable"
