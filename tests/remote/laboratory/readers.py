"""Readers of the gateway for tests with the stand-in: browsers' headers, and sessions of named people."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

BROWSER = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en",
    "Accept-Encoding": "identity",  # tests read bodies as they come
}


def session_of(name: str, *, known: bool = True, staff: bool = False) -> str:
    """The session cookie's value of a new reader of this name."""
    user = User.objects.create_user(name, is_staff=staff)
    user.profile.known_at_monitor = known
    user.profile.save()
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


def as_reader(session: str) -> dict[str, str]:
    """A signed-in browser's headers."""
    return {**BROWSER, "Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"}
