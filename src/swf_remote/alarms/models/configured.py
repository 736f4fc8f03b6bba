"""What people configure: alarms and teams, each with all its earlier versions."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.contrib.auth.models import User
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

NAME = RegexValidator(r"^[a-z0-9_]{1,100}\Z", "1 to 100 of a-z, 0-9 and underscore")
TEAM_NAME = RegexValidator(r"^@[A-Za-z0-9._-]{1,60}\Z", "@ and 1 to 60 letters, digits, dots, underscores or hyphens")
MOST_MINUTES = 30 * 24 * 60
MOST_ROTATION_DAYS = 366


def new_id() -> str:
    """A random identifier, as text: rows taken over from today's tables keep theirs."""
    return str(uuid.uuid4())


class Severity(models.TextChoices):
    """How bad it is; sorted by `rank`."""

    INFO = "info", "Info"
    WARNING = "warning", "Warning"
    CRITICAL = "critical", "Critical"


class Alarm(models.Model):
    """A condition, how often it is looked at, and who is told.

    The engine notes how it fared in the fields of the last block; these are no part of a version.
    """

    id = models.CharField(primary_key=True, max_length=36, default=new_id, editable=False)
    name = models.CharField(max_length=100, unique=True, validators=[NAME], help_text="Part of its address.")
    title = models.CharField(max_length=255)
    description = models.TextField(blank=True, help_text="Placed first in messages: what it means, what to do.")
    detector = models.CharField(max_length=100)
    parameters = models.JSONField(default=dict, blank=True)
    scope = models.CharField(
        max_length=500, blank=True, help_text='Matchers that events have to fulfil, such as site="BNL_*", user!=ops.'
    )
    severity = models.CharField(max_length=10, choices=Severity.choices, default=Severity.WARNING)
    owner = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    recipients = models.TextField(blank=True, help_text="Addresses, @teams and @team/oncall, by commas or blanks.")
    webhooks = models.TextField(blank=True, help_text="One address a line, its format before it: mattermost https://…")
    every_minutes = models.PositiveIntegerField(
        default=5, validators=[MinValueValidator(1), MaxValueValidator(24 * 60)]
    )
    schedule = models.CharField(max_length=200, blank=True, help_text="When it is looked at, in UTC; empty: always.")
    for_minutes = models.PositiveIntegerField(
        default=0, validators=[MaxValueValidator(MOST_MINUTES)], help_text="Has to match so long before it fires."
    )
    clear_minutes = models.PositiveIntegerField(
        default=0, validators=[MaxValueValidator(MOST_MINUTES)], help_text="Has to be well so long before it resolves."
    )
    renotify_hours = models.FloatField(
        default=24, validators=[MinValueValidator(0), MaxValueValidator(10_000)], help_text="0: told once."
    )
    tell_cleared = models.BooleanField(default=True, help_text="Tell those who were told when it is over.")
    escalate_minutes = models.PositiveIntegerField(
        default=0,
        validators=[MaxValueValidator(MOST_MINUTES)],
        help_text="Others are told of what nobody acknowledged for so long; 0: never.",
    )
    escalate_to = models.TextField(blank=True, help_text="Those others: addresses, @teams and @team/oncall.")
    explained_by = models.CharField(
        max_length=500, blank=True, help_text="Nobody is told while others fire that explain it: alarm=… on site."
    )
    heed_maintenance = models.BooleanField(
        default=False, help_text="Nobody is told of a site whose queue is switched off."
    )
    group_by = models.CharField(max_length=30, blank=True, help_text="Label under which a message groups its events.")
    enabled = models.BooleanField(default=True, help_text="Whether it is looked at.")
    notify = models.BooleanField(default=True, help_text="Whether anybody is told; events are recorded anyway.")
    archived = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    modified_at = models.DateTimeField(auto_now=True)

    evaluated_for = models.DateTimeField(null=True, editable=False, help_text="The slot that was evaluated last.")
    evaluated_at = models.DateTimeField(null=True, editable=False)
    told_for = models.DateTimeField(null=True, editable=False, help_text="The slot for which people were told last.")
    failing_since = models.DateTimeField(null=True, editable=False)
    failing_query = models.CharField(max_length=300, blank=True, editable=False, help_text="What has no answer.")
    last_error = models.TextField(blank=True, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def renotify(self) -> timedelta | None:
        """After this time an event that still fires is told again; None: never."""
        return timedelta(hours=self.renotify_hours) if self.renotify_hours > 0 else None

    @property
    def escalate(self) -> timedelta | None:
        """After this time others are told of an event that nobody acknowledged; None: never."""
        return timedelta(minutes=self.escalate_minutes) if self.escalate_minutes > 0 else None


class AlarmVersion(models.Model):
    """An alarm as it was saved."""

    alarm = models.ForeignKey(Alarm, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField(help_text="Every configured field by its name.")
    changed_by = models.CharField(max_length=150)
    changed_at = models.DateTimeField()
    comment = models.CharField(max_length=255, blank=True)

    class Meta:
        ordering = ["alarm", "-number"]
        constraints = [models.UniqueConstraint(fields=["alarm", "number"], name="alarm_version_number")]

    def __str__(self) -> str:
        return f"{self.alarm_id} v{self.number}"


class Team(models.Model):
    """People who are told together."""

    id = models.CharField(primary_key=True, max_length=36, default=new_id, editable=False)
    name = models.CharField(max_length=61, unique=True, validators=[TEAM_NAME])
    title = models.CharField(max_length=255, blank=True)
    members = models.TextField(blank=True, help_text="Addresses, by commas or blanks, in the order of duty.")
    rotation_days = models.PositiveIntegerField(
        default=0,
        validators=[MaxValueValidator(MOST_ROTATION_DAYS)],
        help_text="Each is on duty so long; 0: none.",
    )
    rotation_begins = models.CharField(
        max_length=40, blank=True, help_text="When the first one's duty begins, in UTC: 2026-11-30 08:00."
    )
    version = models.PositiveIntegerField(default=0, editable=False)
    modified_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TeamVersion(models.Model):
    """A team as it was saved."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField()
    changed_by = models.CharField(max_length=150)
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["team", "-number"]
        constraints = [models.UniqueConstraint(fields=["team", "number"], name="team_version_number")]

    def __str__(self) -> str:
        return f"{self.team_id} v{self.number}"
