"""Who does the work: one engine at a time, on any number of hosts."""

from __future__ import annotations

from django.db import models


class Lease(models.Model):
    """Held by one process. Others take it when its beat stands still, by their own clocks (see ``engine.lease``)."""

    name = models.CharField(primary_key=True, max_length=30)
    holder = models.CharField(max_length=100, blank=True, help_text="Empty: free.")
    token = models.PositiveBigIntegerField(default=0, help_text="Rises with each holder.")
    beat = models.PositiveBigIntegerField(default=0, help_text="Rises while the holder lives.")
    renewed_at = models.DateTimeField(null=True, help_text="For people; no decision hangs on it.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name} {self.holder}"
