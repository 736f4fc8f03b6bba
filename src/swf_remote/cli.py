"""``swf-remote``: Django's management commands with the gateway's settings, checked before anything else runs."""

from __future__ import annotations

import logging
import os
import sys

from swf_remote.configuration import ConfigurationError, configuration

WRONG_SETTINGS = 2


def main() -> None:
    """Run one command; wrong settings are told one line each on stderr, with exit code 2."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "swf_remote.settings")
    try:
        configuration()
    except ConfigurationError as error:
        print(*error.lines, sep="\n", file=sys.stderr)
        sys.exit(WRONG_SETTINGS)
    # Python's warnings then look like every other log line.
    logging.captureWarnings(True)
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - after the settings were checked

    execute_from_command_line(sys.argv)
