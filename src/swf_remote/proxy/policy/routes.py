"""The exposure table in force, and the words it is spoken of in.

Everything that asks "who may reach what" asks here; ``exposure.toml`` (or the file of ``SWF_REMOTE_ROUTES``) answers.
"""

from __future__ import annotations

from swf_remote.configuration import configuration

from .exposure import Exposure, Part
from .exposure_file import SHIPPED, read_exposure
from .rows import READ, REFRESH, SAFE_METHODS, WRITE, Access, Cache, Decision, Identity, Kind, Rewriting, Route, closed

__all__ = [
    "READ",
    "REFRESH",
    "SAFE_METHODS",
    "WRITE",
    "Access",
    "Cache",
    "Decision",
    "Exposure",
    "Identity",
    "Kind",
    "Part",
    "Rewriting",
    "Route",
    "closed",
    "decide",
    "exposure",
    "is_exposed",
]


def exposure() -> Exposure:
    """The table in force; read once per process.

    Raises:
        ExposureError: the file of ``SWF_REMOTE_ROUTES`` cannot be used; ``configuration`` has checked it before.
    """
    return read_exposure(configuration().routes or SHIPPED)


def decide(method: str, path: str, query: bytes = b"") -> Decision:
    """What the table in force says; see ``Exposure.decide``."""
    return exposure().decide(method, path, query)


def is_exposed(path: str) -> bool:
    """Whether the table in force shows `path` (normalised, relative to the mount) to somebody."""
    return exposure().is_exposed(path)
