"""What holds for every detector, whatever the answers are."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swf_remote.alarms.detecting.registry import all_detectors, detector, read_parameters
from swf_remote.alarms.inputs.answers import Answers
from swf_remote.alarms.inputs.items import Activity, ErrorPattern, Failure, Job, LinkWord, Past, Queue
from swf_remote.alarms.inputs.queries import (
    ActivityOf,
    ErrorPatterns,
    InputError,
    Jobs,
    PastOf,
    Query,
    Queues,
    Tasks,
    TheField,
    TheLink,
    TickFailures,
)
from tests.remote.alarms.detecting.test_parameters import SAMPLES
from tests.remote.alarms.detecting.worlds import NOW, counts, moment, task

SOME = [
    *((name, SAMPLES.get(name, {})) for name in sorted(all_detectors())),
    ("task_failure_ratio", {"threshold": 0, "clear_below": 0, "min_terminal_jobs": 0}),
    ("job_failure_ratio", {"by": "user", "min_ended_jobs": 0, "threshold": 0}),
    ("job_failure_ratio", {"by": "campaign", "last_hours": 1, "min_ended_jobs": 1}),
    ("throughput_low", {"share_of_past": 1, "past_days": 1, "by": "site", "min_expected": 0}),
    ("no_activity", {"what": "submitted"}),
    ("queue_idle", {"quiet_states": ["offline"], "min_ran": 1}),
    ("long_running_jobs", {"by": "site", "hours": 1}),
    ("error_new_or_rising", {"each_text": True, "min_jobs": 1}),
    ("expression", {"over": "rest", "path": "tasks/", "items": "items", "key": "id", "expression": "n > 1"}),
    ("expression", {"over": "sites", "expression": "failed / total > 0.1", "while_firing": "failed > 0"}),
]

NAMES = st.sampled_from(["", "A", "B%", "é\n<b>", "group.EIC.26.11.0.epic.p1", "x" * 300])
NUMBERS = st.integers(0, 200)
RATES = st.none() | st.floats(0, 1)
TIMES = st.none() | st.integers(-50, 2000).map(lambda minutes: NOW - timedelta(minutes=minutes))
TASKS = st.lists(
    st.builds(
        task, st.integers(1, 6), taskname=NAMES, site=NAMES, username=NAMES, workinggroup=NAMES, processingtype=NAMES,
        status=st.sampled_from(["running", "done", "failed", "unheard_of"]), nactive=NUMBERS, nfinished=NUMBERS,
        nfailed=NUMBERS, nfilesfinished=NUMBERS, failure_rate=RATES, final_failure_rate=RATES, created=TIMES,
        started=TIMES, has_final_rate=st.booleans(),
    ),
    max_size=6, unique_by=lambda one: one.jeditaskid,
).map(tuple)  # fmt: skip
SITES = st.lists(
    st.builds(counts, NAMES, running=NUMBERS, activated=NUMBERS, finished=NUMBERS, failed=NUMBERS),
    max_size=4, unique_by=lambda one: one.name,
).map(tuple)  # fmt: skip
PASTS = st.lists(st.builds(moment, st.floats(0.05, 80), TASKS, SITES), max_size=5, unique_by=lambda one: one.at).map(
    lambda moments: Past(tuple(sorted(moments, key=lambda one: one.at)))
)
JSON = st.recursive(st.none() | st.integers() | NAMES, lambda inner: st.lists(inner, max_size=3), max_leaves=4)
ANSWERS: dict[type[Query[Any]], st.SearchStrategy[Any]] = {
    Tasks: TASKS,
    ActivityOf: st.builds(Activity, NUMBERS, st.just({}), SITES, SITES),
    PastOf: PASTS,
    Jobs: st.lists(
        st.builds(Job, NUMBERS, st.none() | NUMBERS, NAMES, NAMES, NAMES, TIMES, TIMES, TIMES, TIMES, NUMBERS),
        max_size=5,
    ).map(tuple),
    ErrorPatterns: st.lists(
        st.builds(
            ErrorPattern, NAMES, NUMBERS, NAMES, NUMBERS, NUMBERS, st.tuples(NAMES), st.tuples(NAMES), TIMES, TIMES
        ),
        max_size=5,
    ).map(tuple),
    Queues: st.lists(
        st.builds(Queue, name=NAMES, status=NAMES, running=NUMBERS, waiting=NUMBERS, finished=NUMBERS, failed=NUMBERS,
                  last_job_end=TIMES), max_size=4, unique_by=lambda one: one.name
    ).map(tuple),
    TheLink: st.builds(LinkWord, st.booleans(), TIMES, NAMES, TIMES),
    TheField: st.builds(lambda items: {"items": items}, JSON | st.lists(
        st.fixed_dictionaries({"id": NUMBERS, "n": JSON}), max_size=4)),
    TickFailures: st.lists(
        st.builds(Failure, st.sampled_from("abcd"), NAMES, NAMES, st.sampled_from(["", "tasks of 1 day"])),
        max_size=4, unique_by=lambda one: one.alarm,
    ).map(tuple),
}  # fmt: skip


@pytest.mark.parametrize(("name", "parameters"), SOME)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(data=st.data())
def test_findings_are_whole_and_nothing_else_than_an_input_error_is_raised(
    name: str, parameters: dict[str, Any], data: st.DataObject
) -> None:
    kind = detector(name)
    read = read_parameters(kind, parameters)
    found = {query: data.draw(ANSWERS[type(query)], label=repr(query)) for query in kind.queries(read)}
    firing: frozenset[str] = frozenset()
    for _ in range(2):
        try:
            finding = kind.detect(read, Answers(NOW, found), firing)
        except InputError as error:
            assert str(error)
            return
        matched = {match.fingerprint for match in finding.matches}
        assert len(matched) == len(finding.matches)
        assert finding.covered is None or matched <= finding.covered
        # What matches fires: with lower limits for it, it goes on.
        assert firing <= matched
        for match in finding.matches:
            assert match.subject
            assert all(isinstance(key, str) and isinstance(value, str) and value for key, value in match.labels.items())
            assert json.loads(json.dumps(match.values, allow_nan=False)) is not None
            assert not any(link.path.startswith(("/", "http")) for link in match.links)
        firing = frozenset(matched)


@pytest.mark.parametrize(("name", "parameters"), SOME)
def test_a_failed_question_is_passed_on(name: str, parameters: dict[str, Any]) -> None:
    kind = detector(name)
    read = read_parameters(kind, parameters)
    found = dict.fromkeys(kind.queries(read), InputError("the monitor did not answer"))
    with pytest.raises(InputError, match="did not answer"):
        kind.detect(read, Answers(NOW, found), frozenset())


@pytest.mark.parametrize(("name", "parameters"), SOME)
def test_questions_are_equal_for_equal_parameters(name: str, parameters: dict[str, Any]) -> None:
    kind = detector(name)
    first, second = (kind.queries(read_parameters(kind, parameters)) for _ in range(2))
    assert list(first) == list(second)
    assert len(set(first)) == len(first) > 0
