"""The monitor's settings for tests, set before pytest-django reads them (loaded by ``-p`` in pytest.ini)."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_FOLDER = Path(tempfile.mkdtemp(prefix="swf-monitor-tests-"))

for _name in [name for name in os.environ if name.startswith(("SWF_MONITOR_", "PANDA_DB_"))]:
    del os.environ[_name]
os.environ.update(
    SWF_MONITOR_SECRET_KEY="tests-only-8Jq2m-Zr7tWc41LpB0vNfYsKd",
    SWF_MONITOR_ALLOWED_HOSTS="localhost,127.0.0.1,testserver",
    SWF_MONITOR_DB_NAME=str(_FOLDER / "monitor.sqlite3"),
    PANDA_DB_NAME=str(_FOLDER / "missing-panda.sqlite3"),
)
