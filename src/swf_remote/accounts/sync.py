"""Brings the gateway's accounts in line with the monitor's list: adds and marks, never deletes, never overwrites."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.contrib.auth.hashers import identify_hasher
from django.contrib.auth.models import User

from . import registry
from .models import Profile
from .monitor_users import SERVICE_ACCOUNT, MonitorUser
from .registry import RegistryError


@dataclass(slots=True)
class Outcome:
    """What a run did, by user name."""

    created: list[str] = field(default_factory=list)
    marked: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    """Names with the reason."""
    gone: list[str] = field(default_factory=list)
    """Marked as known here, but no longer on the monitor's list."""


def synchronise(users: Iterable[MonitorUser], *, with_passwords: bool = False, dry_run: bool = False) -> Outcome:
    """Create missing accounts and mark all listed ones as known at the monitor.

    Args:
        with_passwords: give new accounts the monitor's password hash, where it is one that Django can check.
        dry_run: only say what would be done.
    """
    outcome = Outcome()
    listed = list(users)
    for user in listed:
        if reason := _reason_to_skip(user):
            outcome.skipped.append((user.username, reason))
        else:
            _take_over(user, outcome, with_passwords=with_passwords, dry_run=dry_run)
    known = Profile.objects.filter(known_at_monitor=True).values_list("user__username", flat=True)
    outcome.gone = sorted(set(known) - {user.username for user in listed if user.is_active})
    return outcome


def _reason_to_skip(user: MonitorUser) -> str | None:
    if not registry.valid_name(user.username):
        return "not a name that the gateway accepts"
    if user.username == SERVICE_ACCOUNT:
        return "the gateway's own service account"
    return None if user.is_active else "closed at the monitor"


def _take_over(user: MonitorUser, outcome: Outcome, *, with_passwords: bool, dry_run: bool) -> None:
    own = User.objects.filter(username=user.username).select_related("profile").first()
    if own is None:
        outcome.created.append(user.username)
        if not dry_run:
            _create(user, with_passwords=with_passwords)
    elif _known(own):
        outcome.unchanged.append(user.username)
    else:
        outcome.marked.append(user.username)
        if not dry_run:
            registry.mark_known(own, True)


def _known(user: User) -> bool:
    profile = getattr(user, "profile", None)
    return profile is not None and profile.known_at_monitor


def _create(user: MonitorUser, *, with_passwords: bool) -> None:
    names = {"first_name": user.first_name[:150], "last_name": user.last_name[:150]}
    try:
        own = registry.add(user.username, None, email=user.email, **names)
    except RegistryError:  # the name is good, so it was the address
        own = registry.add(user.username, None, **names)
    if with_passwords and is_django_hash(user.password):
        own.password = user.password
        own.save(update_fields=["password"])
    registry.mark_known(own, True)


def is_django_hash(text: str) -> bool:
    """Whether Django can check a password against `text`."""
    try:
        identify_hasher(text)
    except ValueError:
        return False
    return len(text) <= 128
