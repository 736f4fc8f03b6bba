"""Profile: what the gateway knows of a user beyond Django's own `auth.User`.

A name is asserted to the monitor (`X-Remote-User`) only when its profile says that the monitor knows it, because the
monitor turns every unknown name into an account (contract 1.2).
"""

from django.contrib.auth.models import User
from django.db import models


class Profile(models.Model):
    """One per user, created with the user (see `signals`)."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="profile")
    known_at_monitor = models.BooleanField(
        default=False, help_text="The monitor has an account of this name, so the gateway may assert it there."
    )

    class Meta:
        ordering = ["user__username"]

    def __str__(self) -> str:
        return self.user.get_username()
