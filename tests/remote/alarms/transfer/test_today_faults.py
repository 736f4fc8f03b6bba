"""Tables and dumps of today's alarms that are not as they have to be: named with words, and nothing is changed."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swf_remote.alarms.transfer.today import FaultyRowError, SourceError
from tests.remote.alarms.transfer import today_tables as today
from tests.remote.alarms.transfer.taking import Written, rows_here, take
from tests.remote.alarms.transfer.today_tables import BEGIN, OPEN, SYNC

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_alarms")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fire_time": "soon"}, "fire_time is no number: soon"),
        ({"fire_time": -1}, "fire_time is no time between 1970 and 2200"),
        ({"fire_time": 1e300}, "fire_time is no time between 1970 and 2200"),
        ({"clear_time": [1]}, "clear_time is no number"),
        ({"dedupe_key": 4711}, "dedupe_key is no text: 4711"),
        ({"subject": {}}, "subject is no text"),
    ],
)
def test_a_faulty_event_is_named_and_nothing_is_changed(
    written: Written, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    entries, versions = today.history()
    entries.append(today.event_row("66666666-0000-4000-8000-000000000001", 5, None, **change))
    with pytest.raises(FaultyRowError) as caught:
        take(written((entries, versions), tmp_path))
    assert "event 66666666-0000" in str(caught.value) and words in str(caught.value)
    assert not any(rows_here())


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (today.entry("x" * 37, "event", {}), "its id is no text of 1 to 36 characters"),
        (today.entry("a/b", "event", {}), "its id is no text"),
        (today.entry(SYNC, "alarm", {}), "its data has no entry_id"),
        (today.alarm_row(SYNC, "alarm of mine"), "1 to 100 of a-z, 0-9 and underscore"),
        (today.alarm_row(SYNC, "import"), "is the address of another page"),
        (today.alarm_row(SYNC, "alarm_b", enabled="maybe"), "enabled is neither true nor false"),
        (today.alarm_row(SYNC, "alarm_b", params=[1]), "params is no JSON object"),
        (today.entry(SYNC, "team", {}, name="prodops"), "@ and 1 to 60 letters"),
        (today.run_row(SYNC, BEGIN, alarms_run=1.5), "alarms_run is no whole number"),
        (today.run_row(SYNC, BEGIN, per_alarm={"alarm_panda_failure_rate_eic_all": [1]}), "is no JSON object"),
        (today.entry(SYNC, "event", {}, timestamp_created=None), "timestamp_created is missing"),
    ],
)
def test_a_faulty_row_is_named_and_nothing_is_changed(tmp_path: Path, row: dict[str, Any], words: str) -> None:
    entries, versions = today.history()
    entries = [one for one in entries if one["id"] != row["id"]]
    with pytest.raises(FaultyRowError, match=words.replace("+", r"\+")):
        take(today.as_json_lines(([*entries, row], versions), tmp_path))
    assert not any(rows_here())


def test_an_identifier_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    entries, versions = today.history()
    with pytest.raises(FaultyRowError, match="there twice"):
        take(today.as_copy(([*entries, today.event_row(OPEN, 9, None)], versions), tmp_path))
    assert not any(rows_here())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no COPY of a table 'entry'"),
        ("SELECT 1;\n", "no COPY of a table 'entry'"),
        ("INSERT INTO entry VALUES (1);\n", "without --inserts"),
        ("COPY public.entry (id, kind) FROM stdin;\nx\talarm\n", "cut off"),
        ("COPY public.entry (id, kind) FROM stdin;\nx\n\\.\n", "line 2 has 1 columns; its COPY names 2"),
        ('{"model": "x.entry"}\n', "line 1 is no object of dumpdata"),
        ('{"model": "x.entry", "fields": {}}\n{"mo', "line 2 is no JSON"),
        ('{"model": "x.other", "fields": {}}\n', "no object of a model 'entry'"),
        ("{" + '"a":[' * 100_000, "line 1 is no JSON"),
    ],
)
def test_a_file_that_is_no_dump_of_them_is_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "dump"
    path.write_text(text)
    with pytest.raises(SourceError, match=words):
        take(str(path))
    assert not any(rows_here())


@pytest.mark.parametrize(
    ("content", "words"), [(b"PGDMP\x01\x0e", "custom format"), (b"\xff\xfe\xfd", "no text in UTF-8")]
)
def test_a_binary_file_is_refused_with_the_way_out(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "dump"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=words):
        take(str(path))


def test_a_place_where_nothing_is_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        take(str(tmp_path / "nothing"))
    with pytest.raises(SourceError, match="cannot be reached"):
        take("postgresql://nobody@127.0.0.1:1/nothing")


def test_a_database_without_the_tables_says_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE entry (id text)")
    connection.close()
    with pytest.raises(SourceError, match="one table 'entry' with the columns"):
        take(str(path))


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=60
)
@given(data=st.data())
def test_any_damage_to_a_dump_is_an_error_with_words_or_no_damage(tmp_path: Path, data: st.DataObject) -> None:
    path = Path(today.as_copy(today.history(), tmp_path))
    text = path.read_text()
    begin = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(begin, min(begin + 40, len(text))))
    path.write_text(
        text[:begin] + data.draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=8)) + text[end:]
    )
    try:
        take(str(path), dry_run=True)
    except SourceError as error:
        assert str(error)
    assert not any(rows_here())
