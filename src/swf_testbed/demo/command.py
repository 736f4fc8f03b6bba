"""``swf-testbed demo``, which is what ``make run`` calls."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import click

from swf_testbed.demo.plan import Options, parts
from swf_testbed.demo.preparation import PreparationError, prepare_gateway, prepare_monitor, seed_database
from swf_testbed.demo.readiness import busy_port, wait_until_linked
from swf_testbed.demo.secrets import DemoSecrets, load_or_make_secrets
from swf_testbed.demo.state_file import STATE_FILE, write_state
from swf_testbed.demo.supervisor import READY_SECONDS, PartFailedError, Supervisor


class DemoError(Exception):
    """The demo cannot run; the text says why and what to do."""


@contextlib.contextmanager
def _sole_owner(var: Path) -> Iterator[None]:
    """Hold the data folder's lock, which the kernel frees even after SIGKILL.

    Raises:
        DemoError: another demo runs on this folder.
    """
    var.mkdir(parents=True, exist_ok=True)
    with (var / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"the demo is running already on {var}/ (see {var}/demo.json); stop it first, or use --var"
            raise DemoError(message) from None
        yield


def _remove_data(var: Path) -> None:
    """Forget the data, the accounts and the keys; the lock stays."""
    for entry in var.iterdir():
        if entry.name == "demo.lock":
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


async def _prepare(options: Options, made: DemoSecrets) -> str:
    """Seed first, since it owns the terminal's progress line, while the databases are prepared beside it."""
    async with asyncio.TaskGroup() as steps:
        steps.create_task(seed_database(options, made))
        token = steps.create_task(prepare_monitor(options, made))
        steps.create_task(prepare_gateway(options, made))
    return token.result()


def _announce(options: Options, made: DemoSecrets, lines: list[str], seconds: float) -> None:
    click.echo(f"\nReady after {seconds:.1f} s:\n")
    for line in lines:
        click.echo(line)
    click.echo(f"\n  Open   {click.style(options.gateway_url, bold=True)}")
    click.echo(f"  Login  {made.login} / {made.password}")
    click.echo(f"  Logs   {options.var}/logs/    Stop  Ctrl-C\n")


async def _linked(options: Options) -> None:
    try:
        async with asyncio.timeout(READY_SECONDS):
            await wait_until_linked(options.readyz_url)
    except TimeoutError:
        message = f"the gateway does not reach the monitor; see {options.var}/logs/"
        raise DemoError(message) from None


async def _run_demo(options: Options) -> None:
    begin = monotonic()
    made = load_or_make_secrets(options.var / "secrets.json")
    token = await _prepare(options, made)
    state = options.var / STATE_FILE
    logs = options.var / "logs"
    logs.mkdir(exist_ok=True)
    supervisor = Supervisor(logs, click.echo, lambda pids: write_state(state, options, made, pids))
    chain = parts(options, made, token)
    try:
        async with asyncio.TaskGroup() as starting:  # each waits for what it needs by asking until it answers
            for part in chain:
                starting.create_task(supervisor.start(part))
        await _linked(options)
        pids = supervisor.pids
        lines = [f"  {part.name:<8} pid {pids[part.name]:<8} {part.what}" for part in chain]
        write_state(state, options, made, pids)
        _announce(options, made, lines, monotonic() - begin)
        await supervisor.watch()
    finally:
        state.unlink(missing_ok=True)
        await supervisor.stop()


async def _until_signalled(options: Options) -> None:
    running = asyncio.create_task(_run_demo(options))
    told = False

    def stop_once() -> None:
        nonlocal told
        if not told:  # a second Ctrl-C must not cancel the stopping itself
            told = True
            running.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop_once)
    with contextlib.suppress(asyncio.CancelledError):
        await running
        return
    click.echo("\nStopped.")


def _run_alone(options: Options, *, clean: bool) -> None:
    with _sole_owner(options.var):
        if problem := busy_port(options):
            raise DemoError(problem)
        (options.var / STATE_FILE).unlink(missing_ok=True)  # left over when an earlier demo was killed
        if clean:
            _remove_data(options.var)
        asyncio.run(_until_signalled(options))


def _first_failure(group: BaseExceptionGroup[BaseException]) -> str:
    leaf: BaseException = group
    while isinstance(leaf, BaseExceptionGroup):
        leaf = leaf.exceptions[0]
    return str(leaf)


@click.command()
@click.option("--port", default=8000, show_default=True, help="port of the gateway")
@click.option("--monitor-port", default=8081, show_default=True, help="port of the monitor")
@click.option("--tunnel-port", default=18443, show_default=True, help="port of the tunnel's entrance")
@click.option("--seed", default=1, show_default=True, help="seed of the simulated history")
@click.option(
    "--speed", default=1.0, show_default=True, type=click.FloatRange(min=0), help="how many times faster; 0 freezes"
)
@click.option("--clean", is_flag=True, help="start anew: forget data, accounts and keys first")
@click.option(
    "--var",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var"),
    show_default=True,
    help="folder of all data",
)
def demo(*, port: int, monitor_port: int, tunnel_port: int, seed: int, speed: float, clean: bool, var: Path) -> None:
    """Run the whole chain: simulated PanDA, monitor, SSH tunnel, gateway. Ctrl-C stops all of it."""
    problem = None
    try:
        _run_alone(Options(var, port, monitor_port, tunnel_port, seed, speed), clean=clean)
    except* (DemoError, PreparationError, PartFailedError, OSError, ValueError) as group:
        problem = _first_failure(group)
    if problem:
        click.echo(f"demo: {problem}", err=True)
        sys.exit(1)
