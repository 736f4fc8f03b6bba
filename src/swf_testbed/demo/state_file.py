"""``var/demo.json``: what is running, for scripts and tests. Written when all is ready, removed at the end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from swf_testbed.demo.plan import Options
from swf_testbed.demo.secrets import DemoSecrets

STATE_FILE: Final = "demo.json"


def write_state(path: Path, options: Options, made: DemoSecrets, pids: dict[str, int]) -> None:
    """Write the file in one step, so that no reader sees half of it."""
    state = {
        "gateway": options.gateway_url,
        "monitor": options.monitor_url,
        "tunnel": options.tunnel,
        "login": made.login,
        "password": made.password,
        "database": options.database_url,
        "pids": pids,
    }
    draft = path.with_suffix(".tmp")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(state, indent=1) + "\n")
    draft.replace(path)
