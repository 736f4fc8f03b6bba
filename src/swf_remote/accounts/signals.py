"""Receivers: a profile for every new user; a session forgotten here the moment its user signs out."""

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import post_save
from django.http import HttpRequest

from .models import Profile
from .readers import forget


def create_profile(instance: User, created: bool, raw: bool = False, **_: Any) -> None:
    """Give a new user a profile; fixtures (`raw`) bring their own."""
    if created and not raw:
        Profile.objects.get_or_create(user=instance)


def forget_session(request: HttpRequest, **_: Any) -> None:
    """Drop the session from this process's memory; it is sent before the session itself is emptied."""
    if request.session.session_key:
        forget(request.session.session_key)


def connect() -> None:
    """Connect all receivers, once per process."""
    post_save.connect(create_profile, sender=User, dispatch_uid="accounts.create_profile")
    user_logged_out.connect(forget_session, dispatch_uid="accounts.forget_session")
