"""Registers the gateway's own management commands with Django."""

from __future__ import annotations

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """The app behind ``swf-remote serve`` and ``swf-remote routes``."""

    name = "swf_remote.operations"

    def ready(self) -> None:
        """Register the checks."""
        from . import checks  # noqa: F401, PLC0415 - registers itself
