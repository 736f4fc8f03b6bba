"""What ticks saw of the monitor, kept compactly so that a new alarm can be tried on it."""

from __future__ import annotations

from django.db import models


class Recording(models.Model):
    """The inputs of one tick: all of them (key), or what changed since the one before."""

    at = models.DateTimeField(unique=True)
    key = models.BooleanField(help_text="Whole; else the difference to the recording before it.")
    content = models.BinaryField(help_text="Compressed.")
    size = models.PositiveIntegerField(help_text="Bytes of the content.")

    class Meta:
        ordering = ["at"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
