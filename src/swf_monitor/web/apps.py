"""Django's name for the room of base template and general pages; also gives the project its commands."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Label ``web``."""

    name = "swf_monitor.web"
    label = "web"
