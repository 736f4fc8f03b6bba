"""What happened: events and their changes, ticks of the engine and what each of them saw."""

from __future__ import annotations

from django.db import models

from .configured import Alarm, new_id


class State(models.TextChoices):
    """Where an event stands; the legal steps are in ``engine.states``."""

    PENDING = "pending", "Pending"
    FIRING = "firing", "Firing"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    RESOLVED = "resolved", "Resolved"


class Event(models.Model):
    """One thing that an alarm found, from when it was first seen until it is over."""

    id = models.CharField(primary_key=True, max_length=36, default=new_id, editable=False)
    alarm = models.ForeignKey(Alarm, on_delete=models.PROTECT, related_name="events")
    fingerprint = models.CharField(max_length=300, help_text="What it is about, such as task:4711.")
    state = models.CharField(max_length=12, choices=State.choices)
    severity = models.CharField(max_length=10)
    subject = models.CharField(max_length=500)
    detail = models.TextField(blank=True)
    labels = models.JSONField(default=dict, help_text="Names by which it is matched: task, site, user, …")
    values = models.JSONField(default=dict, help_text="Figures as last seen.")
    first_values = models.JSONField(default=dict, help_text="Figures as they were when it was first seen.")
    links = models.JSONField(default=list, help_text="Pairs of words and paths below the mount.")
    digest = models.CharField(max_length=32, blank=True, help_text="Of what the match said; shows whether it changes.")
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    fired_at = models.DateTimeField(null=True)
    gone_since = models.DateTimeField(null=True, help_text="Since when it matches no more, while it still fires.")
    resolved_at = models.DateTimeField(null=True)
    resolution = models.CharField(max_length=200, blank=True, help_text="Why it is over, in words.")
    notified_at = models.DateTimeField(null=True, help_text="When somebody was last told that it fires.")
    unacknowledged_since = models.DateTimeField(
        null=True, help_text="Since when people know of it and nobody acknowledges it, however often told."
    )
    escalated_at = models.DateTimeField(null=True, help_text="When others were told that nobody acknowledges it.")
    notified_clear = models.BooleanField(default=False)
    flapping = models.BooleanField(default=False, help_text="Fired too often of late to be told each time.")
    acknowledged_by = models.CharField(max_length=150, blank=True)
    acknowledged_at = models.DateTimeField(null=True)
    assignee = models.CharField(max_length=150, blank=True)
    imported = models.JSONField(default=dict, blank=True, help_text="What today's tables knew beyond these fields.")

    class Meta:
        ordering = ["-first_seen"]
        constraints = [
            models.UniqueConstraint(
                fields=["alarm", "fingerprint"],
                condition=~models.Q(state="resolved"),
                name="one_open_event_per_fingerprint",
            )
        ]
        indexes = [
            models.Index(fields=["alarm", "state"], name="event_alarm_state"),
            models.Index(fields=["state", "fired_at"], name="event_state_fired"),
            models.Index(
                fields=["alarm"],
                condition=models.Q(state="resolved", notified_at__isnull=False, notified_clear=False),
                name="event_clear_untold",
            ),
            models.Index(fields=["alarm", "fired_at"], name="event_alarm_fired"),
            models.Index(fields=["fingerprint", "fired_at"], name="event_fingerprint_fired"),
            models.Index(fields=["fired_at"], name="event_fired"),
            models.Index(fields=["resolved_at"], name="event_resolved"),
            models.Index(fields=["alarm", "resolved_at"], name="event_alarm_resolved"),
        ]

    def __str__(self) -> str:
        return f"{self.fingerprint} {self.state}"


class Change(models.Model):
    """One thing that became of an event: a step between states, a note, an assignment."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    what = models.CharField(max_length=30, help_text="pending, firing, acknowledged, resolved, told, escalated, …")
    by = models.CharField(max_length=150, blank=True, help_text="User name; empty: the engine.")
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["event", "at"], name="change_event_at")]

    def __str__(self) -> str:
        return f"{self.event_id} {self.what}"


class Tick(models.Model):
    """One pass of the engine over the alarms that were due."""

    id = models.CharField(primary_key=True, max_length=36, default=new_id, editable=False)
    slot = models.DateTimeField(help_text="The minute that it is for.")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, help_text="Empty: under way, or the engine died.")
    engine = models.CharField(max_length=100)
    due = models.PositiveIntegerField(default=0, help_text="Alarms that were to be evaluated.")
    evaluated = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    matches = models.PositiveIntegerField(default=0)
    deliveries = models.PositiveIntegerField(default=0, help_text="Messages put into the outbox.")
    missed = models.PositiveIntegerField(default=0, help_text="Ticks that should have been since the one before.")
    queries = models.JSONField(default=list, help_text="What the monitor was asked: words, seconds, rows or error.")

    class Meta:
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["-started_at"], name="tick_started")]

    def __str__(self) -> str:
        return f"{self.slot:%Y-%m-%d %H:%M}"


class Evaluation(models.Model):
    """What one tick saw of one alarm; kept where there is something to tell: matches, changes or an error."""

    tick = models.ForeignKey(Tick, on_delete=models.CASCADE, related_name="evaluations")
    alarm = models.ForeignKey(Alarm, on_delete=models.CASCADE, related_name="evaluations")
    at = models.DateTimeField()
    duration_ms = models.FloatField(default=0)
    matches = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    new = models.JSONField(default=list, help_text="Identifiers of events told as new.")
    continuing = models.JSONField(default=list)
    cleared = models.JSONField(default=list)
    escalated = models.JSONField(default=list)
    report = models.JSONField(default=dict, blank=True, help_text="Of imported runs: what today's tables knew.")

    class Meta:
        ordering = ["-at"]
        constraints = [models.UniqueConstraint(fields=["tick", "alarm"], name="one_evaluation_per_alarm_and_tick")]
        indexes = [models.Index(fields=["alarm", "-at"], name="evaluation_alarm_at")]

    def __str__(self) -> str:
        return f"{self.alarm_id} at {self.at:%Y-%m-%d %H:%M}"
