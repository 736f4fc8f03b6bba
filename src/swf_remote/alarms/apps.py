"""Django's view of the `alarms` room."""

from django.apps import AppConfig


class AlarmsConfig(AppConfig):
    """Alarms, their events and messages."""

    name = "swf_remote.alarms"
    label = "alarms"
    default_auto_field = "django.db.models.BigAutoField"
