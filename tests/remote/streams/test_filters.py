"""Filters decide as the laboratory's monitor does (contract 6)."""

from __future__ import annotations

import json

import pytest

from swf_remote.proxy.streams.filters import Facts, Wanted, facts_of
from swf_remote.proxy.streams.parsing import Message


def event(name: str = "job_state", **members: object) -> Message:
    return Message(name, json.dumps({"msg_type": name, **members}))


@pytest.mark.parametrize(
    ("query", "heard"),
    [
        (b"", True),
        (b"msg_types=", True),
        (b"msg_types=job_state", True),
        (b"msg_types=task_state,job_state", True),
        (b"msg_types=task_state,%20job_state%20", True),
        (b"msg_types=task_state%2Cjob_state", True),
        (b"msg_types=JOB_STATE", False),
        (b"msg_types=job", False),
        (b"msg_types=,", False),
        (b"msg_types=job_state&msg_types=task_state", False),
        (b"msg_types=task_state&msg_types=job_state", True),
        (b"msg_types=task_state&msg_types=", True),
        (b"agents=watcher", True),
        (b"agents=other", False),
        (b"run_ids=17", True),
        (b"run_ids=1", False),
        (b"msg_types=job_state&agents=watcher&run_ids=17", True),
        (b"msg_types=job_state&agents=watcher&run_ids=18", False),
        (b"msg_types=job_state&unknown=x", True),
        (b"types=task_state", True),
    ],
)
def test_all_given_filters_must_hold_the_events_value(query: bytes, heard: bool) -> None:
    facts = facts_of(event(processed_by="watcher", run_id="17"))
    assert Wanted.of(query).accepts(facts) is heard


def test_the_agent_is_who_processed_it_and_not_who_sent_it() -> None:
    facts = facts_of(event(processed_by="daq", sender_agent="watcher"))
    assert Wanted.of(b"agents=daq").accepts(facts)
    assert not Wanted.of(b"agents=watcher").accepts(facts)


@pytest.mark.parametrize("data", ["[1]", "text", "{broken", "7", "{}", '{"run_id": null}', "[" * 100_000])
def test_data_without_members_is_heard_by_whoever_asks_for_nothing_of_it(data: str) -> None:
    facts = facts_of(Message("job_state", data))
    assert Wanted.of(b"").accepts(facts)
    assert Wanted.of(b"msg_types=job_state").accepts(facts)
    assert not Wanted.of(b"run_ids=17").accepts(facts)
    assert not Wanted.of(b"agents=watcher").accepts(facts)


def test_a_type_in_the_data_counts_for_more_than_the_events_name() -> None:
    assert facts_of(Message("message", '{"msg_type": "job_state"}')).msg_type == "job_state"


def test_an_event_without_a_type_is_of_no_type() -> None:
    assert facts_of(Message("message", "{}")) == Facts()


@pytest.mark.parametrize(("value", "known"), [(17, "17"), (True, None), (1.5, None), (["17"], None), ("17", "17")])
def test_run_numbers_count_as_numbers_and_as_texts(value: object, known: str | None) -> None:
    assert facts_of(event(run_id=value)).run_id == known


def test_equal_filters_are_equal_however_they_were_asked_for() -> None:
    assert Wanted.of(b"msg_types=a,b&agents=") == Wanted.of(b"msg_types=b%2C%20a")
