"""Typing `swf-remote alarms …`."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any

from django.core.management import CommandError, call_command


@dataclass(frozen=True)
class Told:
    """What a command printed, and how it ended."""

    code: int
    text: str
    error: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def alarms(*words: str) -> Told:
    """Run the command, as ``swf-remote`` does."""
    out, code, error = io.StringIO(), 0, ""
    try:
        call_command("alarms", *words, stdout=out)
    except SystemExit as ended:
        code = int(ended.code or 0)
    except CommandError as refused:
        code, error = refused.returncode, str(refused)
    return Told(code, out.getvalue(), error)
