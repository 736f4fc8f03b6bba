"""`swf-testbed seed` and `swf-testbed run`: make a simulated PanDA, and keep it moving."""

from __future__ import annotations

import logging
import sys
import time
from datetime import UTC, datetime
from typing import Final

import click
from sqlalchemy import URL
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from swf_testbed.simulation import running, seeding
from swf_testbed.simulation.storage import database

DEFAULT_DATABASE: Final = "sqlite:///var/panda.sqlite3"


def parse_address(_context: click.Context, _parameter: click.Parameter, value: str) -> URL:
    """A database address, parsed and checked.

    Raises:
        click.BadParameter: it is none that the testbed can use.
    """
    try:
        address = database.parsed(value)
    except ArgumentError:
        example = f"{DEFAULT_DATABASE} or postgresql://user@host/name"
        raise click.BadParameter(f"{value!r} is no database address; e.g. {example}") from None
    if address.get_backend_name() not in ("sqlite", "postgresql") or not address.database:
        raise click.BadParameter("give an SQLite file or a PostgreSQL database")
    return address


def parse_moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    """A time as UTC without zone, as PanDA's tables hold it; one without a zone is UTC already.

    Raises:
        click.BadParameter: it is no ISO time.
    """
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no ISO time; e.g. 2026-11-24T12:00:00") from None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


database_option = click.option(
    "--database",
    "address",
    callback=parse_address,
    default=DEFAULT_DATABASE,
    show_default=True,
    help="SQLite or PostgreSQL address.",
)


@click.command()
@database_option
@click.option("--seed", "number", type=int, default=1, show_default=True, help="Same seed and same --now: same rows.")
@click.option("--now", callback=parse_moment, help="End of the history (ISO, UTC). Default: the present.")
@click.option("--clean", is_flag=True, help="Make the data anew even if complete data is there.")
def seed(address: URL, number: int, now: datetime | None, *, clean: bool) -> None:
    """Fill a database with 14 days of simulated PanDA history.

    Complete data is kept; half-made data is replaced.
    """
    try:
        found = seeding.existing(address)
        if found is not None and not clean:
            click.echo(f"seed: data of seed {found.seed} from {found.seeded_from:%Y-%m-%d %H:%M} UTC is there and kept")
            return
        _seed(address, number, now or datetime.now(UTC).replace(tzinfo=None, microsecond=0))
    except (seeding.CannotSeedError, SQLAlchemyError, OSError) as error:
        raise click.ClickException(f"seed: {first_line(error)}") from error


def _seed(address: URL, number: int, now: datetime) -> None:
    begin = time.monotonic()
    result = seeding.seed(address, seeding.Order(number, now), _Progress(begin))
    click.echo(f"seed: {result.tasks} tasks, {result.jobs} jobs in {time.monotonic() - begin:.1f} s")


class _Progress:
    """Prints percentage and rate: on one line of a terminal, else a line every tenth."""

    def __init__(self, begin: float) -> None:
        self._begin, self._tenth = begin, 0

    def __call__(self, progress: seeding.Progress) -> None:
        rate = progress.jobs / max(time.monotonic() - self._begin, 0.001)
        text = f"seed: {progress.share:4.0%} {progress.tasks} tasks, {progress.jobs} jobs, {rate:.0f} jobs/s"
        if sys.stdout.isatty():
            click.echo(f"\r{text}", nl=progress.share >= 1)
        elif int(progress.share * 10) > self._tenth:
            self._tenth = int(progress.share * 10)
            click.echo(text)


@click.command()
@database_option
@click.option(
    "--speed", type=click.FloatRange(min=0, max=3600), default=1.0, show_default=True, help="0 freezes the simulation."
)
def run(address: URL, speed: float) -> None:
    """Keep a simulated PanDA moving in real time, or faster."""
    logging.basicConfig(level=logging.INFO, format="run: %(message)s")
    try:
        running.run(address, speed, running.stop_on_signals())
    except (running.CannotRunError, SQLAlchemyError) as error:
        raise click.ClickException(f"run: {first_line(error)}") from error


def first_line(error: Exception) -> str:
    """What an error says, without the details that follow."""
    return str(error).splitlines()[0]
