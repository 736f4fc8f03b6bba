"""The gateway's settings for tests, set before pytest-django reads them (loaded by ``-p`` in pytest.ini)."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_FOLDER = Path(tempfile.mkdtemp(prefix="swf-remote-tests-"))


def _database() -> dict[str, str]:
    """SQLite; or the PostgreSQL server whose socket's folder is in ``SWF_TESTS_POSTGRESQL``."""
    folder = os.environ.get("SWF_TESTS_POSTGRESQL")
    if not folder:
        return {"SWF_REMOTE_DB_NAME": str(_FOLDER / "gateway.sqlite3")}
    words = {"HOST": folder, "NAME": "swf_remote", "USER": "postgres", "PASSWORD": "unused"}
    return {f"SWF_REMOTE_DB_{name}": value for name, value in words.items()}


for _name in [name for name in os.environ if name.startswith("SWF_REMOTE_")]:
    del os.environ[_name]
os.environ.update(
    SWF_REMOTE_SECRET_KEY="x8Jq2m-Zr7tWc41LpB0vNfYsKdHuGa93EiTo",
    SWF_REMOTE_PUBLIC_URL="http://127.0.0.1:8000/prod",
    SWF_REMOTE_ALLOWED_HOSTS="localhost,127.0.0.1,testserver",
    SWF_REMOTE_MONITOR_URL="http://127.0.0.1:9/swf-monitor",
    SWF_REMOTE_WEBHOOK_HOSTS="chat.example,chat.lab.example",
    **_database(),
)
