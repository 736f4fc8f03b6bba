"""The accounts as an administrator changes them: add, update, password, disable, enable.

No self sign-up exists, so this is the only place that makes accounts. Refusals are `RegistryError`, worded for the
person at the terminal.
"""

import re

from axes.utils import reset as forget_failures
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from .models import Profile

NAME = re.compile(r"[a-z0-9._-]{1,30}")


class RegistryError(Exception):
    """The account cannot be made or changed; the text says why and what to do."""


def valid_name(name: str) -> bool:
    """Whether `name` may become an account: the monitor takes names as they come, so ours are plain."""
    return NAME.fullmatch(name) is not None


def find(name: str) -> User:
    """The account of this name.

    Raises:
        RegistryError: there is none.
    """
    user = User.objects.filter(username=name).first()
    if user is None:
        raise RegistryError(f"no account is named {name!r}")
    return user


def add(name: str, password: str | None, *, email: str = "", first_name: str = "", last_name: str = "") -> User:
    """A new account; without a password nobody can log in to it until one is set.

    Raises:
        RegistryError: the name, password or address is not accepted, or the name is taken.
    """
    if not valid_name(name):
        raise RegistryError(f"{name!r} is no user name: 1 to 30 of a-z, 0-9, dot, underscore and hyphen are allowed")
    _check_email(email)
    user = User(username=name, email=email, first_name=first_name, last_name=last_name)
    _put_password(user, password)
    return _create(user)


def _create(user: User) -> User:
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        raise RegistryError(f"an account named {user.username!r} exists already (--exist-ok updates it)") from None
    return user


def update(
    user: User, *, email: str | None = None, staff: bool | None = None, known_at_monitor: bool | None = None
) -> None:
    """Change what is given; None leaves a value as it is."""
    if email is not None:
        _check_email(email)
        user.email = email
    if staff is not None:
        user.is_staff = staff
    user.save()
    if known_at_monitor is not None:
        mark_known(user, known_at_monitor)


def mark_known(user: User, known: bool) -> bool:
    """Say whether the monitor knows this name; True when that is news."""
    profile, _ = Profile.objects.get_or_create(user=user)
    if profile.known_at_monitor == known:
        return False
    profile.known_at_monitor = known
    profile.save(update_fields=["known_at_monitor"])
    return True


def set_password(user: User, password: str) -> None:
    """A new password: ends all sessions made with the old one, and any lock-out of the name.

    Raises:
        RegistryError: the password is too weak.
    """
    _put_password(user, password)
    user.save()
    forget_failures(username=user.username)


def set_active(user: User, active: bool) -> bool:
    """Close or reopen an account; closing ends its sessions at once. True when that is news."""
    changed = user.is_active != active
    user.is_active = active
    user.save(update_fields=["is_active"])
    if not active:
        end_sessions(user)
    return changed


def end_sessions(user: User) -> int:
    """End every session of `user`; returns how many there were. Sessions are opaque, so all are opened."""
    held = Session.objects.filter(expire_date__gt=timezone.now())
    theirs = [one.pk for one in held.iterator() if one.get_decoded().get(SESSION_KEY) == str(user.pk)]
    return Session.objects.filter(pk__in=theirs).delete()[0]


def _put_password(user: User, password: str | None) -> None:
    if password is None:
        user.set_unusable_password()
        return
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise RegistryError("the password is refused: " + " ".join(error.messages)) from None
    user.set_password(password)


def _check_email(email: str) -> None:
    if not email:
        return
    try:
        validate_email(email)
    except ValidationError:
        raise RegistryError(f"{email!r} is no e-mail address") from None
