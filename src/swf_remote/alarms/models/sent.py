"""The outbox: messages that are to be delivered, and each attempt at it."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models

from .configured import Alarm, new_id


class Channel(models.TextChoices):
    """Ways to reach people."""

    MAIL = "mail", "E-mail"
    WEBHOOK = "webhook", "Webhook"


class Outcome(models.TextChoices):
    """Where a delivery stands."""

    WAITING = "waiting", "Waiting"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    DEAD = "dead", "Given up"


class Delivery(models.Model):
    """One message to one destination. Its identifier goes with it (`Message-ID`, idempotency key), at each attempt."""

    id = models.CharField(primary_key=True, max_length=36, default=new_id, editable=False)
    alarm = models.ForeignKey(Alarm, null=True, on_delete=models.SET_NULL, related_name="deliveries")
    tick = models.ForeignKey("Tick", null=True, on_delete=models.SET_NULL, related_name="+")
    subscriber = models.ForeignKey(
        User, null=True, on_delete=models.CASCADE, related_name="+", help_text="Whose subscription it answers."
    )
    channel = models.CharField(max_length=10, choices=Channel.choices)
    destinations = models.JSONField(help_text="Addresses that have not taken it yet; for a webhook its one address.")
    reached = models.JSONField(default=list, help_text="Addresses that took it.")
    subject = models.CharField(max_length=500)
    content = models.JSONField(help_text="What the channel needs to make the message again, byte for byte.")
    test = models.BooleanField(default=False)
    escalation = models.BooleanField(default=False, help_text="For those whom the alarm escalates to.")
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.WAITING)
    attempts_made = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    waits_until = models.DateTimeField(null=True, help_text="End of the quiet hours in which it was made.")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=["outcome", "next_attempt_at"], name="delivery_due"),
            models.Index(fields=["alarm", "-created_at"], name="delivery_alarm"),
            models.Index(fields=["-created_at"], name="delivery_created"),
            models.Index(fields=["outcome", "-created_at"], name="delivery_outcome_created"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.subject}"


class Attempt(models.Model):
    """One try to deliver, and what the other side said."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=20, help_text="accepted, partly, refused, failed or interrupted.")
    detail = models.TextField(blank=True)
    duration_ms = models.FloatField(default=0)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.outcome}"
