"""Before the first process runs: data seeded, databases migrated, the demo login and the service token made."""

from __future__ import annotations

import asyncio
import subprocess
from asyncio.subprocess import PIPE
from pathlib import Path

from swf_testbed.demo.children import kill_group, start_child
from swf_testbed.demo.plan import SERVICE_ACCOUNT, Options, gateway_environment, monitor_environment, program
from swf_testbed.demo.secrets import DemoSecrets

ALARMS = Path(__file__).with_name("alarms.yaml")


class PreparationError(Exception):
    """A step failed; the text names it and carries what the program said."""


async def seed_database(options: Options, made: DemoSecrets) -> None:
    """Fill the PanDA database; progress goes to the terminal. Data that are complete already stay as they are.

    Raises:
        PreparationError: the seeding failed.
    """
    command = (program("swf-testbed"), "seed", "--database", options.database_url)
    arguments = ("--seed", str(options.seed), "--now", made.first_start)
    child = await start_child((*command, *arguments), monitor_environment(options, made), options.var)
    try:
        code = await child.wait()
    except asyncio.CancelledError:
        kill_group(child.pid, 9)
        await child.wait()
        raise
    if code != 0:
        raise PreparationError(f"seeding the PanDA database failed (exit code {code}, see above)")


async def _run(command: tuple[str, ...], environment: dict[str, str], folder: Path, what: str, feed: str = "") -> str:
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, cwd=folder, stdin=PIPE, stdout=PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        output, _ = await process.communicate(feed.encode())
    except asyncio.CancelledError:
        kill_group(process.pid, 9)
        await process.wait()
        raise
    if process.returncode != 0:
        raise PreparationError(f"{what} failed:\n{output.decode(errors='replace').strip()}")
    return output.decode()


async def prepare_monitor(options: Options, made: DemoSecrets) -> str:
    """Migrate the monitor's own database; returns the token of the gateway's service account, made once and kept.

    Raises:
        PreparationError: a step failed.
    """
    environment = monitor_environment(options, made)
    kept, database = options.var / "monitor-token", options.var / "monitor.sqlite3"
    known = kept.read_text().strip() if kept.exists() and database.exists() else ""
    await _run(
        (program("swf-monitor"), "migrate", "--verbosity", "0", "--skip-checks"),
        environment,
        options.var,
        "preparing the monitor's database",
    )
    if known:
        return known
    output = await _run(
        (program("swf-monitor"), "token", SERVICE_ACCOUNT), environment, options.var, "making the service token"
    )
    token = output.strip().splitlines()[-1]
    kept.touch(mode=0o600)
    kept.write_text(token + "\n")
    return token


async def prepare_gateway(options: Options, made: DemoSecrets) -> None:
    """Migrate the gateway's database, make the demo login and, where the database is new, the demo's alarms.

    Raises:
        PreparationError: a step failed.
    """
    environment = gateway_environment(options, made)
    database, imported = options.var / "gateway.sqlite3", options.var / "alarms-imported"
    knows_alarms = database.exists() and imported.exists()
    options.mail.mkdir(exist_ok=True)
    await _run(
        (program("swf-remote"), "migrate", "--verbosity", "0", "--skip-checks"),
        environment,
        options.var,
        "preparing the gateway's database",
    )
    add_user = (
        program("swf-remote"),
        "users",
        "add",
        made.login,
        "--exist-ok",
        "--known-at-monitor",
        "--password-stdin",
    )
    await _run(add_user, environment, options.var, "making the demo login", feed=made.password + "\n")
    if not knows_alarms:  # later on they are the operators' own
        import_alarms = (program("swf-remote"), "alarms", "import", str(ALARMS))
        await _run(import_alarms, environment, options.var, "making the demo's alarms")
        imported.touch()
