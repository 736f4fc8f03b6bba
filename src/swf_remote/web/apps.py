"""Django's view of the `web` room."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Templates and static files shared by all own pages; no tables."""

    name = "swf_remote.web"
    label = "web"
