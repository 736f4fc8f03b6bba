"""What runs in the demo: every process with its command, its environment and the question that tells it is ready."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from swf_testbed.demo.secrets import DemoSecrets

SERVICE_ACCOUNT = "swf-remote-service"
# By this name the monitor at the laboratory is asked and named; in the demo it is the one on this machine.
MONITOR_NAME = "pandaserver02.sdcc.bnl.gov"
FEED_MAX_AGE_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line chose."""

    var: Path
    port: int
    monitor_port: int
    tunnel_port: int
    seed: int
    speed: float

    @property
    def panda_database(self) -> Path:
        """The embedded PanDA database."""
        return (self.var / "panda.sqlite3").resolve()

    @property
    def mail(self) -> Path:
        """Where the alarms' mails go, as files."""
        return (self.var / "mail").resolve()

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the PanDA database."""
        return f"sqlite:///{self.panda_database}"

    @property
    def gateway_url(self) -> str:
        """Where a browser goes."""
        return f"http://127.0.0.1:{self.port}/prod/"

    @property
    def readyz_url(self) -> str:
        """Where the gateway says whether it is ready, and how the link is."""
        return f"{self.gateway_url}readyz"

    @property
    def monitor_url(self) -> str:
        """The monitor itself, for comparison; browsers of the demo never use it."""
        return f"http://127.0.0.1:{self.monitor_port}/swf-monitor/"

    @property
    def tunnel(self) -> str:
        """Entrance of the tunnel."""
        return f"127.0.0.1:{self.tunnel_port}"


@dataclass(frozen=True, slots=True)
class Part:
    """One supervised process."""

    name: str
    what: str
    command: tuple[str, ...]
    ready_url: str | None = None
    """Answers 200 as soon as the part works; None: ready when started."""
    environment: dict[str, str] = field(default_factory=dict)
    longer_gap: float = 0.0
    """Seconds, beyond the usual ones, before it is started again when it has died."""


def program(name: str) -> str:
    """Full path of one of our own console programs, beside the running interpreter."""
    return str(Path(sys.executable).with_name(name))


def _clean_environment() -> dict[str, str]:
    """The reader's environment without settings of ours that would leak from a real deployment into the demo."""
    ours = ("SWF_", "PANDA_DB_", "DJANGO_SETTINGS_MODULE")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def monitor_environment(options: Options, made: DemoSecrets) -> dict[str, str]:
    """Settings of the demo's monitor."""
    return _clean_environment() | {
        "SWF_MONITOR_SECRET_KEY": made.monitor_key,
        "SWF_MONITOR_DB_NAME": str(options.var.resolve() / "monitor.sqlite3"),
        "SWF_MONITOR_ALLOWED_HOSTS": f"127.0.0.1,localhost,{MONITOR_NAME}",
        "SWF_MONITOR_FEED_MAX_AGE": str(FEED_MAX_AGE_SECONDS),
        "PANDA_DB_NAME": str(options.panda_database),
    }


def gateway_environment(options: Options, made: DemoSecrets, monitor_token: str = "") -> dict[str, str]:
    """Settings of the demo's gateway: it knows the tunnel's entrance and nothing else of the chain."""
    return _clean_environment() | {
        "SWF_REMOTE_SECRET_KEY": made.gateway_key,
        "SWF_REMOTE_DB_NAME": str(options.var.resolve() / "gateway.sqlite3"),
        "SWF_REMOTE_ALLOWED_HOSTS": "127.0.0.1,localhost",
        "SWF_REMOTE_PUBLIC_URL": options.gateway_url,
        "SWF_REMOTE_MONITOR_URL": f"http://{options.tunnel}/swf-monitor",
        "SWF_REMOTE_MONITOR_HOST": MONITOR_NAME,
        "SWF_REMOTE_MONITOR_TOKEN": monitor_token,
        "SWF_REMOTE_PROBE_INTERVAL": "1",
        "SWF_REMOTE_EMAIL_FOLDER": str(options.mail),
    }


def parts(options: Options, made: DemoSecrets, monitor_token: str) -> tuple[Part, ...]:
    """All processes in the order in which they start."""
    status = "swf-monitor/panda/system/status.json"
    testbed = Part(
        "testbed",
        f"simulated PanDA, speed {options.speed:g}",
        (program("swf-testbed"), "run", "--database", options.database_url, "--speed", f"{options.speed:g}"),
        environment=_clean_environment(),
        # Its silence counts from here on, and the status page looks once a second.
        longer_gap=FEED_MAX_AGE_SECONDS - 1,
    )
    monitor = Part(
        "monitor",
        options.monitor_url,
        (program("swf-monitor"), "serve", "--host", "127.0.0.1", "--port", str(options.monitor_port)),
        f"http://127.0.0.1:{options.monitor_port}/{status}",
        monitor_environment(options, made),
    )
    tunnel = Part(
        "tunnel",
        f"SSH, {options.tunnel} → 127.0.0.1:{options.monitor_port}",
        (
            *(program("swf-testbed"), "tunnel", "--listen", options.tunnel),
            *("--target", f"127.0.0.1:{options.monitor_port}", "--keys", str(options.var.resolve() / "ssh")),
        ),
        f"http://{options.tunnel}/{status}",
        _clean_environment(),
    )
    gateway = Part(
        "gateway",
        options.gateway_url,
        (program("swf-remote"), "serve", "--host", "127.0.0.1", "--port", str(options.port)),
        options.readyz_url,
        gateway_environment(options, made, monitor_token),
    )
    alarms = Part(
        "alarms",
        f"engine, mails in {options.mail}",
        (program("swf-remote"), "alarms", "run"),
        environment=gateway_environment(options, made, monitor_token),
    )
    return testbed, monitor, tunnel, gateway, alarms
