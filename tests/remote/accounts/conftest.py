"""A quick password hash for tests: the real one takes a third of a second by design."""

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def quick_password_hash(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
