"""Rows of the tables that hardly ever change: sites, work queues, shares, resource classes, code lists, Harvesters."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from importlib.resources import files
from typing import Any, Final

from swf_testbed.simulation.catalogue.queues import QUEUES
from swf_testbed.simulation.catalogue.storages import STORAGES
from swf_testbed.simulation.core.ledger import Row

#: Work queues by activity: number and name.
WORK_QUEUES: Final = {"test": (1, "epic_test"), "managed": (2, "epic_managed"), "user": (3, "epic_user")}
HARVESTERS: Final = tuple(sorted({queue.harvester for queue in QUEUES}))
_RESOURCES: Final = (
    ("SCORE", 1, 1, 0, 4096),
    ("SCORE_HIMEM", 1, 1, 4097, None),
    ("MCORE", 2, None, 0, 4096),
    ("MCORE_HIMEM", 2, None, 4097, None),
)
#: BigMon's categories (panda-states 9) by component, for the code list.
_CATEGORY: Final = {"ddm": 1, "pilot": 2, "trans": 5, "jobdispatcher": 4, "taskbuffer": 4, "sup": 2}


def reference_rows(at: datetime) -> Iterator[tuple[str, Row]]:
    """Every fixed row as (table, row), as it stood at that time."""
    yield from _site_rows()
    yield from _share_rows()
    yield from _code_rows()
    yield from _retry_rules()
    for harvester in HARVESTERS:
        yield "harvester_instances", _harvester(harvester, at)
    yield "pandadb_version", {"component": "PANDA", "major": 0, "minor": 1, "patch": 6}


def queue_row(document: dict[str, Any], at: datetime) -> Row:
    """One row of `schedconfig_json`."""
    return {"panda_queue": document["siteid"], "data": document, "last_update": at}


def storage_rows(at: datetime) -> list[Row]:
    """Rows of `ddm_endpoint`, all well."""
    return [
        {
            "ddm_endpoint_name": storage.name,
            "site_name": storage.site,
            "space_total": storage.terabytes * 1000,
            "space_free": storage.terabytes * 350,
            "space_used": storage.terabytes * 650,
            "is_tape": "N",
            "type": "DATADISK",
            "blacklisted": "N",
            "blacklisted_read": "N",
            "blacklisted_write": "N",
            "space_timestamp": at,
            "detailed_status": {"write": {"status": "ok"}},
        }
        for storage in STORAGES
    ]


def _site_rows() -> Iterator[tuple[str, Row]]:
    for site in sorted({queue.site for queue in QUEUES} | {storage.site for storage in STORAGES}):
        yield (
            "site",
            {
                "site_name": site,
                "role": "nucleus" if site in {"BNL", "JLAB"} else "satellite",
                "tier_level": 1,
                "state": "ACTIVE",
            },
        )
    for queue in QUEUES:
        yield (
            "panda_site",
            {
                "panda_site_name": queue.name,
                "site_name": queue.site,
                "storage_site_name": queue.site,
                "default_ddm_endpoint": "BNL_PROD_DISK_1",
                "is_local": "Y",
            },
        )


def _share_rows() -> Iterator[tuple[str, Row]]:
    for label, (number, name) in WORK_QUEUES.items():
        yield (
            "jedi_work_queue",
            {
                "queue_id": number,
                "queue_name": name,
                "queue_type": label,
                "vo": "epic",
                "status": "active",
                "queue_order": number,
                "queue_function": "Resource",
            },
        )
    for name, value, labels in (("Production", 95, "managed|test|prod_test|install"), ("Analysis", 5, "user|panda")):
        yield "global_shares", {"name": name, "value": value, "prodsourcelabel": labels, "vo": "eic", "throttled": "N"}
    for name, mincore, maxcore, low, high in _RESOURCES:
        yield (
            "resource_types",
            {
                "resource_name": name,
                "mincore": mincore,
                "maxcore": maxcore,
                "minrampercore": low,
                "maxrampercore": high,
            },
        )


def error_codes() -> list[dict[str, str]]:
    """The code list: component, code, acronym, meaning."""
    with (files(__package__) / "error_codes.tsv").open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def _code_rows() -> Iterator[tuple[str, Row]]:
    for number, code in enumerate(error_codes(), 1):
        yield (
            "error_descriptions",
            {
                "id": number,
                "component": code["component"],
                "code": int(code["code"]),
                "acronym": code["acronym"] or None,
                "diagnostics": code["meaning"],
                "description": code["meaning"],
                "category": _CATEGORY[code["component"]],
            },
        )


def _retry_rules() -> Iterator[tuple[str, Row]]:
    """The two rules that the instance has (epic-facts 8)."""
    for number, name in enumerate(("no_retry", "limit_retry"), 1):
        yield "retryactions", {"retryaction_id": number, "retry_action": name, "active": "Y"}
    rules = (("ddmErrorCode", 200, ".*is closed.*", 1, None), ("exeErrorCode", 5303, ".*", 2, "maxAttempt=2"))
    for number, (source, error, text, action, parameters) in enumerate(rules, 1):
        yield (
            "retryerrors",
            {
                "retryerror_id": number,
                "errorsource": source,
                "errorcode": error,
                "active": "Y",
                "retryaction": action,
                "errordiag": text,
                "parameters": parameters,
            },
        )


def _harvester(name: str, at: datetime) -> Row:
    return {
        "harvester_id": name,
        "description": f"simulated Harvester {name.removeprefix('harvester-')}",
        "starttime": at,
        "owner": "epic",
        "hostname": f"{name}.sdcc.bnl.gov",
        "lastupdate": at,
        "sw_version": "0.6.12",
        "commit_stamp": None,
    }
