"""`swf-testbed scenario`: truth as JSON, safe to run twice, one clear line when something is wrong."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from swf_testbed import cli
from swf_testbed.simulation.running import CannotRunError, Live, present, run
from swf_testbed.simulation.scenarios import command, playing
from swf_testbed.simulation.scenarios.stories import NAMES, continued
from swf_testbed.simulation.scenarios.story import Story
from swf_testbed.simulation.storage import database, marks
from swf_testbed.simulation.storage.reader import read_world
from tests.testbed.simulation import worlds
from tests.testbed.simulation.scenarios.nights import CURTAIN, END, HISTORY

pytestmark = [pytest.mark.slow, pytest.mark.once, pytest.mark.timeout(300)]


@pytest.fixture(autouse=True)
def _small_worlds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command's two days of history, made nine hours, and steps of two hours: the rest is the same."""
    small = {"history": HISTORY, "first_tasks": 2}
    monkeypatch.setattr(command, "play", partial(playing.play, step=timedelta(hours=2), **small))
    monkeypatch.setattr(command, "prepare", partial(playing.prepare, **small))


def scenario(name: str, path: Path, *more: str) -> Result:
    return CliRunner().invoke(cli.main, ["scenario", name, "--database", worlds.url(path), *more])


def at(end: str = END.isoformat()) -> tuple[str, str]:
    return "--end", end


def test_the_truth_goes_to_its_file_and_the_progress_to_standard_error(tmp_path: Path) -> None:
    truth = tmp_path / "truth.json"
    result = scenario("stuck-task", tmp_path / "panda.sqlite3", *at(), "--seed", "3", "--truth", str(truth))
    assert (result.exit_code, result.stdout) == (0, "")
    assert "100%" in result.stderr
    document = json.loads(truth.read_text())
    assert (document["name"], document["seed"], document["now"]) == ("stuck-task", 3, "2026-11-26T06:00:00Z")
    assert [fault["kind"] for fault in document["faults"]] == ["task-stuck"]
    assert sorted(file.name for file in tmp_path.iterdir() if file.suffix != ".json") == ["panda.sqlite3"]


def test_the_truth_goes_to_standard_output_otherwise(tmp_path: Path) -> None:
    result = scenario("quiet-night", tmp_path / "panda.sqlite3", *at("2026-11-26T07:00:00+01:00"))
    document = json.loads(result.stdout)
    assert (document["faults"], document["now"]) == ([], "2026-11-26T06:00:00Z")


def test_run_again_it_makes_the_same_anew(tmp_path: Path) -> None:
    path = tmp_path / "panda.sqlite3"
    first = scenario("quiet-night", path, *at())
    rows = worlds.dump(path)
    again = scenario("quiet-night", path, *at())
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert first.stdout == again.stdout
    assert worlds.dump(path) == rows


def test_the_demos_data_is_replaced_only_when_asked(tmp_path: Path) -> None:
    path = worlds.make(tmp_path / "panda.sqlite3", hours=1)
    rows = worlds.dump(path)
    refused = scenario("quiet-night", path, *at())
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: scenario: there is testbed data that no scenario made")
    assert worlds.dump(path) == rows
    assert scenario("quiet-night", path, *at(), "--clean").exit_code == 0


def test_a_database_in_use_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "panda.sqlite3"
    scenario("quiet-night", path, "--live")
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM jedi_tasks").fetchone()
        result = scenario("quiet-night", path, *at())
    assert result.exit_code == 1
    assert "is in use" in result.output
    assert worlds.number(path, "SELECT count(*) FROM jedi_tasks") > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("earthquake",), "'earthquake' is not one of"),
        (("quiet-night", "--end", "yesterday"), "is no ISO time"),
        (("quiet-night", "--database", "nonsense"), "is no database address"),
        (("quiet-night", "--truth", "/nowhere/truth.json"), "/nowhere is no folder"),
        (("quiet-night", "--live", "--end", "2026-11-26"), "no --end, no --truth"),
    ],
)
def test_wrong_options_are_one_clear_line(arguments: tuple[str, ...], message: str) -> None:
    result = CliRunner().invoke(cli.main, ["scenario", *arguments])
    assert result.exit_code == 2
    assert message in result.output


def test_help_tells_what_happens_in_each() -> None:
    result = CliRunner().invoke(cli.main, ["scenario", "--help"])
    assert result.exit_code == 0
    assert all(name in result.output for name in NAMES)


def goes_on(path: Path) -> tuple[Live, Story]:
    engine = database.open_engine(database.parsed(worlds.url(path)))
    with engine.begin() as connection:
        notes = marks.read_marks(connection)
        assert notes is not None
        live = Live(engine, read_world(connection, notes, continued(notes)), notes)
    story = live.world.circumstances
    assert isinstance(story, Story)
    return live, story


def test_live_it_stops_two_minutes_before_the_fault_and_the_simulation_goes_on_with_it(tmp_path: Path) -> None:
    path = tmp_path / "panda.sqlite3"
    result = scenario("stuck-task", path, "--live")
    assert result.exit_code == 0
    assert f"swf-testbed run --database {worlds.url(path)}" in result.stderr
    live, story = goes_on(path)
    assert present() - live.world.now < timedelta(minutes=5)
    begin = live.world.now
    live.step(begin + timedelta(minutes=1))
    assert story.begun() is None
    live.step(begin + timedelta(minutes=3))
    assert story.begun() == begin + timedelta(minutes=2)


def test_a_night_read_back_from_the_tables_stands_where_it_stood(tmp_path: Path) -> None:
    path = tmp_path / "panda.sqlite3"
    scenario("site-outage", path, *at())
    _, story = goes_on(path)
    assert story.begun() == CURTAIN + timedelta(minutes=62)
    assert story.is_on("no pilots")
    assert not story.is_on("downtime", "downtime is over")


def test_a_scenario_of_another_version_is_not_gone_on_with(tmp_path: Path) -> None:
    path = worlds.make(tmp_path / "panda.sqlite3", hours=1)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "INSERT INTO config (app, component, key, value, type, vo, descr)"
            " VALUES ('swf_testbed', 'simulation', 'scenario', 'earthquake', 'str', 'epic', '')"
        )
        connection.commit()
    with pytest.raises(CannotRunError, match="a scenario that is not known here: earthquake"):
        run(database.parsed(worlds.url(path)), 1, threading.Event())


@pytest.mark.parametrize("wrong", [{"history": timedelta(hours=8)}, {"step": timedelta()}])
def test_too_little_history_and_standing_still_are_refused_at_once(wrong: dict[str, timedelta], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nine hours of history"):
        playing.play("quiet-night", worlds.url(tmp_path / "panda.sqlite3"), **wrong)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
