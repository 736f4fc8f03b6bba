"""People who ask, each with a browser of this site."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from tests.remote.alarms.rest.asking import Person, person


@pytest.fixture(autouse=True)
def quick_password_hash(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def nobody() -> Person:
    return person(None)


@pytest.fixture
def anna(db: None) -> Person:
    """Signed in."""
    return person(User.objects.create_user("anna"))


@pytest.fixture
def otto(db: None) -> Person:
    """Owner of alarms, in tests that give him some."""
    return person(User.objects.create_user("otto"))


@pytest.fixture
def staff(db: None) -> Person:
    return person(User.objects.create_user("stella", is_staff=True))
