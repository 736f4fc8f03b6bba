"""Seeding: the same seed gives the same rows, whole data is kept, half data is replaced, foreign data is left alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from swf_testbed.simulation import seeding
from swf_testbed.simulation.commands import seed
from swf_testbed.simulation.storage import database
from tests.testbed.simulation import worlds

pytestmark = pytest.mark.slow


def test_the_same_seed_and_time_give_the_same_database_byte_for_byte_as_text(tmp_path: Path) -> None:
    one, two, other = (
        worlds.make(tmp_path / f"{name}.sqlite3", number, hours=3)
        for name, number in (("one", 4), ("two", 4), ("other", 5))
    )
    assert worlds.dump(one) == worlds.dump(two)
    assert worlds.dump(one) != worlds.dump(other)


def test_nothing_lies_after_the_given_time_and_little_before_the_history(tmp_path: Path) -> None:
    path = worlds.make(tmp_path / "panda.sqlite3", hours=5)
    first, last = worlds.rows(path, "SELECT min(modificationtime), max(modificationtime) FROM jobs_statuslog")[0]
    assert first >= "2026-11-24 07:00"
    assert last <= "2026-11-24 12:00:00.000000"


@pytest.fixture
def short_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command's fourteen days, made two hours: the rest is the same."""
    monkeypatch.setattr(seeding, "Order", partial(seeding.Order, history=timedelta(hours=2), first_tasks=3))


def seed_command(path: Path, *more: str) -> str:
    result = CliRunner().invoke(seed, ["--database", worlds.url(path), "--now", "2026-11-24T13:00:00+01:00", *more])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.usefixtures("short_history")
def test_complete_data_is_kept_and_clean_makes_it_anew(tmp_path: Path) -> None:
    path = tmp_path / "new" / "panda.sqlite3"
    output = seed_command(path)
    assert "100%" in output and "jobs/s" in output
    first = worlds.dump(path)
    assert "kept" in seed_command(path, "--seed", "2")
    assert worlds.dump(path) == first
    assert "kept" not in seed_command(path, "--seed", "2", "--clean")
    assert worlds.dump(path) != first
    assert [file.name for file in path.parent.iterdir()] == ["panda.sqlite3"]


@pytest.mark.usefixtures("short_history")
@pytest.mark.parametrize("rubbish", [b"", b"not a database at all " * 400])
def test_half_made_data_is_replaced(tmp_path: Path, rubbish: bytes) -> None:
    path = tmp_path / "panda.sqlite3"
    path.write_bytes(rubbish)
    path.with_name("panda.sqlite3.part").write_bytes(b"left by a killed process")
    assert "tasks" in seed_command(path)
    assert worlds.number(path, "SELECT count(*) FROM jedi_tasks") >= 3
    assert seeding.existing(database.parsed(worlds.url(path))) is not None


def test_a_panda_database_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "real.sqlite3"
    engine = database.open_engine(database.parsed(worlds.url(path)))
    with engine.begin() as connection:
        database.create_tables(connection)
        connection.exec_driver_sql(
            "INSERT INTO jedi_tasks (jeditaskid, status, username, creationdate, modificationtime)"
            " VALUES (1, 'done', 'someone', '2026-01-01', '2026-01-01')"
        )
    engine.dispose()
    result = CliRunner().invoke(seed, ["--database", worlds.url(path), "--clean"])
    assert result.exit_code == 1
    assert (
        result.output == "Error: seed: there are PanDA tables that swf-testbed did not make; give another --database\n"
    )


def test_clean_refuses_while_somebody_reads_the_old_database(tmp_path: Path) -> None:
    path = worlds.make(tmp_path / "panda.sqlite3", hours=1)
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM jedi_tasks").fetchone()
        with pytest.raises(seeding.CannotSeedError, match="is in use"):
            worlds.make(path, hours=1)
    assert worlds.number(path, "SELECT count(*) FROM jedi_tasks") > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--database", "nonsense"], "is no database address"),
        (["--database", "mysql://host/name"], "give an SQLite file or a PostgreSQL database"),
        (["--now", "yesterday"], "is no ISO time"),
    ],
)
def test_wrong_options_are_one_clear_line(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(seed, arguments)
    assert result.exit_code == 2
    assert message in result.output
