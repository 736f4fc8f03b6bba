"""What people want to hear of for themselves. No part of an alarm's configuration: everybody keeps their own rows."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models

from .configured import Alarm, Severity, new_id


class Subscription(models.Model):
    """Somebody is told of matching events of one alarm, or of all, by a mail to the account's address."""

    id = models.CharField(primary_key=True, max_length=36, default=new_id, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    alarm = models.ForeignKey(
        Alarm, null=True, blank=True, on_delete=models.CASCADE, related_name="+", help_text="Empty: every alarm."
    )
    matchers = models.CharField(max_length=500, blank=True, help_text="Such as site=BNL_*; empty: all events.")
    severity = models.CharField(
        max_length=10, choices=Severity.choices, default=Severity.INFO, help_text="The least that is told."
    )
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["user", "created_at"], name="subscription_user"),
            models.Index(fields=["-created_at"], name="subscription_created"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.alarm_id or 'every alarm'} {self.matchers}"


class Preference(models.Model):
    """When somebody's subscriptions wait. An alarm's own recipients are its owner's decision and do not."""

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="alarm_preference")
    quiet_hours = models.CharField(
        max_length=200, blank=True, help_text="Times of the week in UTC, as schedules of alarms; empty: none."
    )
    urgent_anyway = models.BooleanField(default=True, help_text="Critical events are told at once all the same.")

    def __str__(self) -> str:
        return f"{self.user_id} {self.quiet_hours}"
