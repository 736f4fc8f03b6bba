"""The ``swf-monitor`` command: Django's management commands with the monitor's settings.

A wrong or missing setting is told in one line per setting, without a traceback; exit code 2.
"""

from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line
from pydantic import ValidationError

from swf_monitor.configuration import Configuration, configuration


def main() -> None:
    """Run one command; ``swf-monitor help`` lists them."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "swf_monitor.settings")
    try:
        # SQLite makes the file, not its folder.
        configuration().db_name.parent.mkdir(parents=True, exist_ok=True)
    except ValidationError as problem:
        for line in explain(problem):
            sys.stderr.write(f"swf-monitor: {line}\n")
        sys.exit(2)
    execute_from_command_line(sys.argv)


def explain(problem: ValidationError) -> list[str]:
    """One line per wrong setting, with the name of its environment variable."""
    return [f"{_variable(error['loc'])}: {error['msg']}" for error in problem.errors()]


def _variable(location: tuple[int | str, ...]) -> str:
    name = str(location[0]) if location else ""
    field = Configuration.model_fields.get(name)
    if name.isupper() or field is None or field.validation_alias is not None:
        return name.upper()
    return f"SWF_MONITOR_{name.upper()}"
