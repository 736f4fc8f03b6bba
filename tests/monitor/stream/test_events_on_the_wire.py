"""Events as a browser's EventSource reads them, and the filters a listener may set (contract section 6)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_monitor.panda.stream.events import Event, EventFilter

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3), max_leaves=5
)


def test_an_event_is_a_name_line_a_data_line_and_a_blank_line() -> None:
    assert Event("job_state", {"pandaid": 7}).encode() == b'event: job_state\ndata: {"pandaid": 7}\n\n'


@given(st.dictionaries(st.text(), JSON_VALUES))
def test_any_payload_stays_on_one_line_and_comes_back_unchanged(payload: dict[str, object]) -> None:
    lines = Event("x", payload).encode().decode().split("\n")
    assert len(lines) == 4
    assert not any(line.startswith(("id:", "retry:", ":")) for line in lines)
    assert json.loads(lines[1].removeprefix("data: ")) == payload


def test_without_filters_everything_is_accepted() -> None:
    assert EventFilter.from_query({}).accepts(Event("anything"))


@pytest.mark.parametrize(
    ("query", "accepted"),
    [
        ({"msg_types": "job_state"}, True),
        ({"msg_types": "task_state, job_state"}, True),
        ({"msg_types": "JOB_STATE"}, False),
        ({"msg_types": "job"}, False),
        ({"agents": "watcher"}, True),
        ({"agents": "other"}, False),
        ({"run_ids": "101"}, True),
        ({"run_ids": "102"}, False),
        ({"msg_types": "job_state", "agents": "other"}, False),
        ({"msg_types": "job_state", "agents": "watcher", "run_ids": "100,101"}, True),
        ({"msg_types": " , "}, True),
    ],
)
def test_all_given_filters_must_match_exactly(query: dict[str, str], accepted: bool) -> None:
    event = Event("job_state", {"processed_by": "watcher", "run_id": 101})
    assert EventFilter.from_query(query).accepts(event) is accepted


def test_an_event_without_the_filtered_key_is_not_accepted() -> None:
    assert not EventFilter.from_query({"run_ids": "None"}).accepts(Event("job_state"))
