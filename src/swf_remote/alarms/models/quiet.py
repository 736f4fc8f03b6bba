"""What keeps messages back, while events are recorded all the same."""

from __future__ import annotations

from django.db import models

from .configured import new_id


class Silence(models.Model):
    """Nobody is told of matching events for a time."""

    id = models.CharField(primary_key=True, max_length=36, default=new_id, editable=False)
    matchers = models.CharField(max_length=500, help_text='Such as alarm="…", task=4711, site="BNL_*".')
    reason = models.CharField(max_length=500)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-ends_at"]
        indexes = [models.Index(fields=["ends_at"], name="silence_ends")]

    def __str__(self) -> str:
        return self.matchers
