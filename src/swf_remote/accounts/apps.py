"""Django's view of the `accounts` room: connects the signals once the models exist."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Profiles beside Django's own users."""

    name = "swf_remote.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the signal receivers."""
        from . import signals  # noqa: PLC0415 - models can be imported only now

        signals.connect()
