"""From a cookie header to the signed-in reader, for the half of the gateway that is not Django.

Readers without a session cookie cost no look-up. A session is looked up at most every five seconds per process;
requests that arrive together share one look-up, and sessions that wait together one question to the database. Signing
out forgets the session here at once, and in other processes within those five seconds; a write asks with `fresh` and
never trusts the memory.
"""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import DatabaseError, close_old_connections
from django.http import parse_cookie
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from swf_remote.accounts.batches import Batches

REMEMBERED_SECONDS = 5.0
REMEMBERED_SESSIONS = 10_000

LookUp = Callable[[str], Awaitable["Reader | None"]]

log = logging.getLogger(__name__)

_SESSION_KEY = re.compile(r"[a-z0-9]{32}")


@dataclass(frozen=True, slots=True)
class Reader:
    """A signed-in, active user; nothing more than a decision about a request needs."""

    username: str
    is_staff: bool
    known_at_monitor: bool


@dataclass(slots=True, eq=False)
class _Memory:
    """One look-up, running or done; replaced, never changed, so that a sign-out during it is not undone."""

    asked_at: float
    answer: "asyncio.Future[Reader | None]"


class ReaderCache:
    """Session key → reader, remembered for `REMEMBERED_SECONDS`; `clock` counts seconds monotonically."""

    def __init__(self, look_up: LookUp, clock: Callable[[], float] = time.monotonic) -> None:
        self._look_up = look_up
        self._clock = clock
        self._memories: dict[str, _Memory] = {}

    async def get(self, session_key: str, *, fresh: bool = False) -> Reader | None:
        """The reader of this session, or None. `fresh` always looks it up."""
        memory = None if fresh else self._recent(session_key)
        if memory is None:
            memory = self._begin(session_key)
        # Shielded: one reader hanging up must not cancel the look-up that others wait for.
        return await asyncio.shield(memory.answer)

    def remembered(self, session_key: str) -> Reader | None:
        """The same without waiting.

        Raises:
            LookupError: it has to be looked up.
        """
        memory = self._recent(session_key)
        if memory is None or not memory.answer.done() or memory.answer.cancelled() or memory.answer.exception():
            raise LookupError
        return memory.answer.result()

    def forget(self, session_key: str) -> None:
        """Drop what is remembered; safe from any thread."""
        self._memories.pop(session_key, None)

    def _recent(self, session_key: str) -> _Memory | None:
        memory = self._memories.get(session_key)
        if memory is None or self._clock() - memory.asked_at >= REMEMBERED_SECONDS:
            return None
        return memory

    def _begin(self, session_key: str) -> _Memory:
        self._memories.pop(session_key, None)
        while len(self._memories) >= REMEMBERED_SESSIONS:
            self._memories.pop(next(iter(self._memories)), None)
        memory = _Memory(self._clock(), asyncio.ensure_future(self._look_up(session_key)))
        self._memories[session_key] = memory
        return memory


def session_readers(session_keys: Sequence[str]) -> dict[str, Reader | None]:
    """Look sessions up in the database: the reader of each, or None for an unknown, expired, or outdated session.

    Like Django's own middleware it compares the hash of the password, so a changed password ends other sessions; unlike
    it, nothing is written, because no answer of ours could carry a renewed cookie.
    """
    sessions = Session.objects.filter(session_key__in=session_keys, expire_date__gt=timezone.now())
    held = {session.session_key: session.get_decoded() for session in sessions}
    numbers = {content[SESSION_KEY] for content in held.values() if SESSION_KEY in content}
    users = User.objects.select_related("profile").filter(pk__in=numbers, is_active=True)
    by_number = {str(user.pk): user for user in users}
    return {key: _reader(held.get(key, {}), by_number) for key in session_keys}


def _reader(content: Mapping[str, Any], users: Mapping[str, User]) -> Reader | None:
    user = users.get(str(content.get(SESSION_KEY)))
    if user is None or not _same_password(user, str(content.get(HASH_SESSION_KEY, ""))):
        return None
    profile = getattr(user, "profile", None)
    return Reader(user.get_username(), user.is_staff, profile is not None and profile.known_at_monitor)


def _same_password(user: User, session_hash: str) -> bool:
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(session_hash, one) for one in hashes)


def _look_up_with_connection(session_keys: Sequence[str]) -> dict[str, Reader | None]:
    """Outside Django's request cycle nobody else closes a connection that the server has dropped."""
    close_old_connections()
    try:
        return session_readers(session_keys)
    except DatabaseError:
        log.exception("sessions could not be looked up: their readers count as signed out")
        return dict.fromkeys(session_keys)
    finally:
        close_old_connections()


_look_up = Batches(sync_to_async(_look_up_with_connection)).ask
_readers = ReaderCache(_look_up)


def session_key_of(cookie_header: str | None) -> str | None:
    """The session key in a `Cookie` header, or None when there is none that we could have issued."""
    if not cookie_header or settings.SESSION_COOKIE_NAME not in cookie_header:
        return None
    value = parse_cookie(cookie_header).get(settings.SESSION_COOKIE_NAME, "")
    return value if _SESSION_KEY.fullmatch(value) else None


async def reader_of(cookie_header: str | None, *, fresh: bool = False) -> Reader | None:
    """The signed-in reader of a request, from its `Cookie` header; `fresh` for anything that writes."""
    session_key = session_key_of(cookie_header)
    return None if session_key is None else await _readers.get(session_key, fresh=fresh)


def remembered_reader(session_key: str) -> Reader | None:
    """The signed-in reader of a session that was looked up a moment ago.

    Raises:
        LookupError: it has to be looked up.
    """
    return _readers.remembered(session_key)


def forget(session_key: str) -> None:
    """Forget a session in this process at once; called on sign-out."""
    _readers.forget(session_key)
