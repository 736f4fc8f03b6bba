"""Parameters: defaults filled, each fault in a line that says what is allowed; forms both ways."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.alarms.detecting.form import as_posted, form_fields, read_posted
from swf_remote.alarms.detecting.parameters import ParameterError
from swf_remote.alarms.detecting.registry import all_detectors, detector, read_parameters

SAMPLES: dict[str, dict[str, Any]] = {
    "task_failure_ratio": {"threshold": 0.05},
    "expression": {"expression": "nfailed > 3"},
    "throughput_low": {"at_least": 100},
    "campaign_burn_rate": {"campaign": "26.11.0", "goal": 1000, "until": "2026-12-31"},
}
"""What has to be said, where something has to."""


def faults(name: str, **values: Any) -> dict[str, str]:
    with pytest.raises(ParameterError) as caught:
        read_parameters(detector(name), values)
    assert len(str(caught.value).splitlines()) == len(caught.value.faults)
    return {fault.field: fault.words for fault in caught.value.faults}


def test_what_is_left_out_has_its_default() -> None:
    read = read_parameters(detector("task_failure_ratio"), {"threshold": 0.03})
    assert read.model_dump(mode="json") == {
        "threshold": 0.03, "since_days": 1, "username": "", "processingtype": "", "min_terminal_jobs": 5,
        "statuses": ["running", "failed", "broken"], "clear_below": None,
    }  # fmt: skip


def test_a_missing_parameter_is_named_with_what_is_allowed() -> None:
    assert faults("task_failure_ratio") == {"threshold": "is missing; allowed: a number from 0 to 1"}


def test_every_fault_has_its_line_with_value_and_what_is_allowed() -> None:
    found = faults("task_failure_ratio", threshold=1.5, since_days="soon", statuses=["running", "odd"], days_window=3)
    assert found["threshold"] == "1.5 is not allowed; allowed: a number from 0 to 1"
    assert found["since_days"] == "'soon' is not allowed; allowed: a whole number from 1 to 365"
    assert found["statuses"].startswith("'odd' is not allowed; allowed: any of ")
    assert found["days_window"].startswith("no such parameter; there are threshold, since_days")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, None, [], "x" * 10_000])
def test_what_is_no_number_is_refused(value: Any) -> None:
    assert "allowed: a number from 0 to 1" in faults("task_failure_ratio", threshold=value)["threshold"]
    assert len(faults("task_failure_ratio", threshold=value)["threshold"]) < 200


def test_limits_that_contradict_each_other_name_the_one_to_change() -> None:
    found = faults("task_failure_ratio", threshold=0.1, clear_below=0.2)
    assert found == {"clear_below": "0.2 is above the threshold 0.1"}


def test_an_alarm_that_would_look_at_nothing_is_refused() -> None:
    assert "statuses" in faults("task_failure_ratio", threshold=0.1, statuses=[])


def test_parameters_have_to_be_names_with_values() -> None:
    with pytest.raises(ParameterError, match="names with values"):
        read_parameters(detector("link_down"), ["minutes"])  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(all_detectors()))
def test_every_field_of_a_form_explains_itself(name: str) -> None:
    for field in form_fields(detector(name)):
        assert field.title != field.name, field
        assert field.title, field
        assert field.help, field
        assert field.allowed, field


@pytest.mark.parametrize("name", sorted(all_detectors()))
def test_a_form_gives_back_what_it_was_given(name: str) -> None:
    kind = detector(name)
    before = read_parameters(kind, SAMPLES.get(name, {}))
    posted = as_posted(kind, before.model_dump(mode="json"))
    assert read_posted(kind, posted) == before


def test_a_form_has_kinds_bounds_units_and_choices() -> None:
    fields = {field.name: field for field in form_fields(detector("task_failure_ratio"))}
    assert (fields["threshold"].kind, fields["threshold"].least, fields["threshold"].most) == ("number", 0, 1)
    assert fields["threshold"].required
    assert not fields["since_days"].required
    assert (fields["since_days"].kind, fields["since_days"].unit, fields["since_days"].default) == (
        "integer",
        "days",
        1,
    )
    assert fields["statuses"].kind == "multi-choice"
    assert "broken" in fields["statuses"].choices
    assert fields["clear_below"].optional
    assert form_fields(detector("expression"))[1].multiline


def test_what_a_browser_posts_is_read() -> None:
    posted = {
        "threshold": [" 0.1 "], "since_days": [""], "username": ["%smith"], "processingtype": [""],
        "statuses": ["running", "broken"], "clear_below": [""], "csrfmiddlewaretoken": ["x"],
    }  # fmt: skip
    read = read_posted(detector("task_failure_ratio"), posted)
    assert read.model_dump(mode="json") == {
        "threshold": 0.1, "since_days": 1, "username": "%smith", "processingtype": "", "min_terminal_jobs": 5,
        "statuses": ["running", "broken"], "clear_below": None,
    }  # fmt: skip


def test_a_list_is_posted_line_by_line() -> None:
    read = read_posted(detector("queue_idle"), {"quiet_states": ["offline\r\n brokeroff \n"]})
    assert read.model_dump()["quiet_states"] == ("offline", "brokeroff")


def test_a_box_that_is_not_ticked_means_no() -> None:
    assert read_posted(detector("error_new_or_rising"), {}).model_dump()["each_text"] is False
    assert read_posted(detector("error_new_or_rising"), {"each_text": ["on"]}).model_dump()["each_text"] is True


def test_every_faulty_field_of_a_form_is_told() -> None:
    with pytest.raises(ParameterError) as caught:
        read_posted(detector("campaign_burn_rate"), {"goal": ["many"], "until": ["tomorrow"]})
    told = {fault.field: fault.words for fault in caught.value.faults}
    assert told == {
        "campaign": "is missing; allowed: a text such as 26.11.0",
        "goal": "'many' is not allowed; allowed: a number above 0 up to 1e+15",
        "until": "'tomorrow' is not allowed; allowed: a date such as 2026-12-31",
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(name=st.sampled_from(sorted(all_detectors())), data=st.data())
def test_whatever_comes_is_read_or_refused_in_words(name: str, data: st.DataObject) -> None:
    fields = [field.name for field in form_fields(detector(name))]
    values = data.draw(st.dictionaries(st.sampled_from(fields) | st.text(max_size=8), JSON, max_size=6))
    try:
        read = read_parameters(detector(name), values)
    except ParameterError as error:
        assert error.faults
    else:
        assert read_parameters(detector(name), read.model_dump(mode="json")) == read
