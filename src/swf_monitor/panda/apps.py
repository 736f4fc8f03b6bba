"""Django's name for the PanDA room."""

from __future__ import annotations

from django.apps import AppConfig


class PandaConfig(AppConfig):
    """Label ``panda``."""

    name = "swf_monitor.panda"
    label = "panda"
