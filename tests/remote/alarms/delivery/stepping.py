"""Processes that die at a step: each statement and commit, before and after, and whatever else calls ``step``."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from django.db import connection


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Steps:
    """Counts steps, and dies at one of them."""

    last: int | None = None
    made: int = 0
    has_died: bool = False

    def step(self) -> None:
        if self.has_died:
            return
        self.made += 1
        if self.made == self.last:
            self.has_died = True
            raise Crash

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count what happens to the database."""

        def statement(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            self.step()
            found = execute(sql, params, many, context)
            self.step()
            return found

        commit = connection.commit

        def committing() -> None:
            try:
                self.step()
            except Crash:
                die()
                raise
            commit()
            self.step()

        with connection.execute_wrapper(statement), patch.object(connection, "commit", committing):
            yield


def die() -> None:
    """What becomes of a database's connection whose process is gone; and of what it was sending."""
    connection.connection.rollback()
    end = time.monotonic() + 30
    while any(one.name in ("alarms-mail", "alarms-webhook") for one in threading.enumerate()):
        assert time.monotonic() < end
        time.sleep(0.001)
