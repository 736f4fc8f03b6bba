"""`swf-testbed scenario`: a night with a known truth, played into a database, or made ready to go on live."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import click
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from swf_testbed.simulation import seeding
from swf_testbed.simulation.commands import first_line, parse_address, parse_moment
from swf_testbed.simulation.running import CannotRunError, present
from swf_testbed.simulation.scenarios.playing import play, prepare
from swf_testbed.simulation.scenarios.stories import NAMES, STORIES
from swf_testbed.simulation.scenarios.story import FAULT_AT, PLAYED
from swf_testbed.simulation.scenarios.truth import Truth

DEFAULT_DATABASE: Final = "sqlite:///var/scenario.sqlite3"
#: With --live the fault is so far ahead when the command ends.
LIVE_LEAD: Final = timedelta(minutes=2)
_EPILOG: Final = "\b\n" + "\n".join(f"{name:13} {story.summary}" for name, story in STORIES.items())


@click.command(epilog=_EPILOG)
@click.argument("name", type=click.Choice(NAMES), metavar="NAME")
@click.option(
    "--database",
    "address",
    callback=parse_address,
    default=DEFAULT_DATABASE,
    show_default=True,
    help="SQLite or PostgreSQL address.",
)
@click.option("--seed", "number", type=int, default=1, show_default=True, help="Same seed and same --end: same rows.")
@click.option("--end", callback=parse_moment, help="End of what is played (ISO, UTC). Default: the present.")
@click.option(
    "--truth",
    "path",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Where the truth goes, as JSON. Default: standard output.",
)
@click.option("--clean", is_flag=True, help="Replace testbed data that no scenario made, too.")
@click.option(
    "--live",
    is_flag=True,
    help="Stop two minutes before the fault: 'run', or the demo, goes on with this database and lets it happen.",
)
def scenario(
    name: str, address: URL, number: int, end: datetime | None, path: Path | None, *, clean: bool, live: bool
) -> None:
    """Play a night with a known truth into a database: two calm days, then eight hours in which something happens.

    The truth says which faults there were, from when on the tables showed each, who suffered and who is innocent.
    A scenario that is there already is replaced; so the command can be run again at any time.
    """
    if live and (end or path):
        raise click.UsageError("--live ends in the present, and its truth is not known yet: no --end, no --truth")
    if path is not None and not path.parent.is_dir():
        raise click.BadParameter(f"{path.parent} is no folder", param_hint="--truth")
    try:
        _require_replaceable(address, clean=clean)
        if live:
            _make_ready(name, address, number)
        else:
            _deliver(_played(name, address, number, end), path)
    except (seeding.CannotSeedError, CannotRunError, SQLAlchemyError, OSError) as error:
        raise click.ClickException(f"scenario: {first_line(error)}") from error


def _require_replaceable(address: URL, *, clean: bool) -> None:
    found = seeding.existing(address)
    if found is not None and found.scenario is None and not clean:
        raise seeding.CannotSeedError("there is testbed data that no scenario made; give another --database or --clean")


def _played(name: str, address: URL, number: int, end: datetime | None) -> Truth:
    """The truth at the end."""
    progress = _Progress()
    steps = play(name, address, seed=number, end=end, report=lambda made: progress(made.share / 2, "history"))
    first = last = next(steps)
    for last in steps:
        share, faults = (last.now - first.now) / PLAYED, len(last.truth.faults)
        progress(0.5 + share / 2, f"{last.now:%Y-%m-%d %H:%M} UTC, faults: {faults}")
    return last.truth


def _make_ready(name: str, address: URL, number: int) -> None:
    progress, ahead = _Progress(), timedelta(minutes=FAULT_AT) - LIVE_LEAD
    prepare(STORIES[name], address, number, present(), ahead=ahead, report=lambda made: progress(made.share, "history"))
    click.echo(f"scenario: {name} goes on with: swf-testbed run --database {address.render_as_string()}", err=True)


def _deliver(truth: Truth, path: Path | None) -> None:
    text = json.dumps(truth.as_json(), ensure_ascii=False, indent=2) + "\n"
    if path is None:
        click.echo(text, nl=False)
        return
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


class _Progress:
    """Says on standard error how far it is: on one line of a terminal, else a line every tenth."""

    def __init__(self) -> None:
        self._tenth = -1

    def __call__(self, share: float, what: str) -> None:
        text = f"scenario: {share:4.0%} {what}"
        if sys.stderr.isatty():
            click.echo(f"\r{text:60}", nl=share >= 1, err=True)
        elif int(share * 10) > self._tenth:
            self._tenth = int(share * 10)
            click.echo(text, err=True)
