"""What an alarm is worth, and the truth as JSON."""

from __future__ import annotations

import json
from datetime import datetime

from swf_testbed.simulation.scenarios.truth import Fault, Truth

BEGIN = datetime.fromisoformat("2026-11-26 01:02")
TRUTH = Truth(
    name="site-outage",
    seed=7,
    now=datetime.fromisoformat("2026-11-26 03:00"),
    faults=(Fault("site-failure-ratio", "site:BNL", BEGIN, None, datetime.fromisoformat("2026-11-26 01:30"), "burnt"),),
    consequences=frozenset({"task:2", "task:1"}),
    innocent=("user:Zoë",),
)


def test_naming_the_fault_is_right() -> None:
    assert TRUTH.verdict("site-failure-ratio", "site:BNL") == "right"


def test_another_complaint_about_the_same_subject_is_a_consequence() -> None:
    assert TRUTH.verdict("site-idle", "site:BNL") == "consequence"


def test_naming_what_suffers_is_a_consequence() -> None:
    assert TRUTH.verdict("task-stuck", "task:1") == "consequence"


def test_naming_the_innocent_or_anything_else_is_wrong() -> None:
    assert TRUTH.verdict("user-failure-ratio", "user:Zoë") == "wrong"
    assert TRUTH.verdict("task-stuck", "task:3") == "wrong"


def test_the_json_has_plain_values_and_times_with_their_zone() -> None:
    document = json.loads(json.dumps(TRUTH.as_json()))
    assert document == {
        "name": "site-outage",
        "seed": 7,
        "now": "2026-11-26T03:00:00Z",
        "faults": [
            {
                "kind": "site-failure-ratio",
                "subject": "site:BNL",
                "begin": "2026-11-26T01:02:00Z",
                "end": None,
                "visible": "2026-11-26T01:30:00Z",
                "why": "burnt",
            }
        ],
        "consequences": ["task:1", "task:2"],
        "innocent": ["user:Zoë"],
    }
