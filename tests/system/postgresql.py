"""A PostgreSQL server of the test's own: made in a temporary folder, reached by its Unix socket, gone at the end."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

USER = "postgres"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server; the socket's folder is its host name."""

    folder: Path
    control: tuple[str, ...] = ()
    """The command that starts and stops it."""

    def kill_and_start_again(self) -> None:
        """All connections break, nothing that was committed is lost."""
        again = [*self.control, "-m", "immediate", "-o", _options(self.folder), "restart"]
        subprocess.run(_as_server_user(again), check=True, stdout=subprocess.DEVNULL, cwd="/")

    def environment(self, prefix: str, database: str) -> dict[str, str]:
        """Settings that lead a program of ours to one of its databases."""
        return {
            f"{prefix}DB_HOST": str(self.folder),
            f"{prefix}DB_NAME": database,
            f"{prefix}DB_USER": USER,
            f"{prefix}DB_PASSWORD": "unused",
        }

    def url(self, database: str) -> str:
        """SQLAlchemy URL of one of its databases."""
        return f"postgresql+psycopg://{USER}@/{database}?host={self.folder}"


def programs() -> Path | None:
    """Folder of initdb and pg_ctl: the newest that is installed."""
    on_path = shutil.which("initdb")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    newest = found[-1] if found else Path(on_path) if on_path else None
    return newest.parent if newest else None


def _as_server_user(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root, so root steps down to its account."""
    if os.geteuid() != 0:
        return command
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", *command]


def _options(folder: Path) -> str:
    return f"-c listen_addresses='' -k {folder} -c fsync=off"


@contextmanager
def running(binaries: Path) -> Iterator[Server]:
    """Make a server, hand it out, end it and remove its data."""
    folder = Path(tempfile.mkdtemp(prefix="swf-pg-"))
    data, log = folder / "data", folder / "log"
    if os.geteuid() == 0:
        shutil.chown(folder, USER, USER)
    control = [str(binaries / "pg_ctl"), "-D", str(data), "-w", "-l", str(log)]
    try:
        initdb = [str(binaries / "initdb"), "-D", str(data), "-A", "trust", "-U", USER, "--no-sync"]
        subprocess.run(_as_server_user(initdb), check=True, capture_output=True, cwd="/")
        start = [*control, "-o", _options(folder), "start"]
        subprocess.run(_as_server_user(start), check=True, stdout=subprocess.DEVNULL, cwd="/")
        yield Server(folder, tuple(control))
    finally:
        subprocess.run(
            _as_server_user([*control, "-m", "immediate", "stop"]), check=False, capture_output=True, cwd="/"
        )
        shutil.rmtree(folder, ignore_errors=True)


def create_database(server: Server, binaries: Path, name: str) -> None:
    """An empty database."""
    subprocess.run([str(binaries / "createdb"), "-h", str(server.folder), "-U", USER, name], check=True)
