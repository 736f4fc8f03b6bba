"""Readers who are signed in: ``python -m tools.bench.accounts COUNT`` prints the keys of their sessions as JSON.

Works on the database of the environment's settings, which it makes first.
"""

from __future__ import annotations

import json
import sys

import django
from django.core.management import call_command


def sign_in(count: int) -> list[str]:
    """Make so many readers whom the monitor knows; their session keys."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: PLC0415
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.contrib.sessions.backends.db import SessionStore  # noqa: PLC0415

    keys = []
    for number in range(count):
        user = User.objects.create(username=f"reader{number:04}", password="!")
        user.profile.known_at_monitor = True
        user.profile.save()
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        keys.append(str(session.session_key))
    return keys


if __name__ == "__main__":
    django.setup()
    call_command("migrate", verbosity=0)
    print(json.dumps(sign_in(int(sys.argv[1]))))
