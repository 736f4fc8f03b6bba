"""What the demo makes once and keeps in ``var/``: secret keys, the demo login, the time of the first start."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DemoSecrets:
    """Generated values; none of them ever leaves this machine."""

    gateway_key: str
    monitor_key: str
    login: str
    password: str
    first_start: str
    """ISO 8601, UTC, whole seconds: the moment up to which the history is simulated."""


def _make() -> DemoSecrets:
    return DemoSecrets(
        gateway_key=secrets.token_urlsafe(48),
        monitor_key=secrets.token_urlsafe(48),
        login="demo",
        password=secrets.token_urlsafe(9),
        first_start=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def load_or_make_secrets(path: Path) -> DemoSecrets:
    """Read the kept values, or make and keep them (file mode 0600).

    Raises:
        OSError: the file cannot be read or written.
        ValueError: the file is damaged.
    """
    try:
        return DemoSecrets(**json.loads(path.read_text()))
    except FileNotFoundError:
        made = _make()
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged ({error}); start anew with: make run-clean") from error
    path.touch(mode=0o600)
    path.write_text(json.dumps(asdict(made), indent=1) + "\n")
    return made
