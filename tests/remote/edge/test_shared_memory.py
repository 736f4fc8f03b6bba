"""Memory that processes share: whose it is, that a full disk is found out in time, and that rows outlive processes."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from swf_remote.edge.figures import NAME_BYTES, Kind, Layout, Table, table
from swf_remote.edge.shared_memory import FOLDER, mapped, opened

SIZE = 1 << 16


def layout() -> Layout:
    found = Layout()
    found.add("counted", "of the test", Kind.COUNTER, {})
    found.add("now", "of the test", Kind.GAUGE, {})
    return found


def in_a_child(work: Callable[[], None]) -> None:
    """Do this in a forked process and wait for its end."""
    child = os.fork()
    if not child:
        try:
            work()
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def test_nobody_else_can_open_what_is_shared(tmp_path: Path) -> None:
    place = tmp_path / "new"
    os.close(opened(place, "file", SIZE))
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert stat.S_IMODE((place / "file").stat().st_mode) == 0o600


def test_a_link_that_somebody_laid_there_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"kept")
    (tmp_path / "file").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="symbolic links"):
        opened(tmp_path, "file", SIZE)
    assert (tmp_path / "victim").read_bytes() == b"kept"


def test_the_room_is_taken_at_once_so_that_a_full_disk_cannot_kill_a_writer_later(tmp_path: Path) -> None:
    os.close(opened(tmp_path, "file", SIZE))
    assert (tmp_path / "file").stat().st_blocks * 512 >= SIZE


def test_what_was_written_stays_when_it_is_opened_again(tmp_path: Path) -> None:
    mapped(tmp_path, "file", SIZE)[5] = 7
    assert mapped(tmp_path, "file", SIZE)[5] == 7


def test_a_forked_process_counts_in_a_row_of_its_own_and_what_it_counted_outlives_it(tmp_path: Path) -> None:
    counted = Table(layout(), tmp_path)
    counted.row[1] += 1

    def work() -> None:
        counted.take()
        counted.row[1] += 2
        counted.row[2] += 5

    in_a_child(work)
    assert counted.totals()[1:3] == [3, 0]


def test_a_row_of_a_dead_process_is_used_again(tmp_path: Path) -> None:
    counted = Table(layout(), tmp_path)

    def work() -> None:
        counted.take()
        counted.count("a" * 2 * NAME_BYTES)
        counted.count("b")

    for _ in range(3):
        in_a_child(work)
    assert counted.named() == {"a" * NAME_BYTES: 3, "b": 3}
    assert sum(1 for _ in counted._used()) == 2


@pytest.mark.parametrize("usable", [True, False])
def test_figures_that_cannot_be_shared_are_counted_alone_and_that_is_said(
    usable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(FOLDER, str(tmp_path / ("folder" if usable else "file")))
    with caplog.at_level(logging.WARNING):
        table.__wrapped__().row[1] += 1
    assert ("figures are not shared" in caplog.text) is not usable
