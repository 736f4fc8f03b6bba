"""Django's view of the `status` room."""

from django.apps import AppConfig


class StatusConfig(AppConfig):
    """The link status page and health endpoints; no tables."""

    name = "swf_remote.status"
    label = "status"
