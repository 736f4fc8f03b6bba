"""Sessions of readers, made before the test's own event loop needs the database."""

from __future__ import annotations

import pytest

from tests.remote.laboratory.readers import session_of


@pytest.fixture
def alice(transactional_db: None) -> str:
    """A signed-in reader whom the monitor knows."""
    return session_of("alice")


@pytest.fixture
def stranger(transactional_db: None) -> str:
    """A signed-in reader whom the monitor does not know."""
    return session_of("stranger", known=False)
