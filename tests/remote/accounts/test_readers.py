"""From a cookie header to the signed-in reader: right, cheap, and forgetful at the right moments."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.utils import timezone

from swf_remote.accounts import readers
from swf_remote.accounts.readers import (
    REMEMBERED_SECONDS,
    REMEMBERED_SESSIONS,
    Reader,
    ReaderCache,
    reader_of,
    session_readers,
)

KEY = "a" * 32
ALICE = Reader("alice", is_staff=False, known_at_monitor=True)
pytestmark = pytest.mark.django_db(transaction=True)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Sessions:
    """A look-up that counts, and answers when it is let go."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer: Reader | None = ALICE
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, key: str) -> Reader | None:
        self.asked.append(key)
        answer = self.answer
        await self.gate.wait()
        return answer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions() -> Sessions:
    return Sessions()


@pytest.fixture
def cache(sessions: Sessions, clock: Clock) -> ReaderCache:
    return ReaderCache(sessions, clock)


def sign_in(user: User) -> str:
    """A session as Django's log-in makes it; returns its key."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


@sync_to_async
def signed_in(username: str = "alice", **more: bool) -> str:
    known = more.pop("known_at_monitor", False)
    user = User.objects.create_user(username, password="correct horse", **more)
    user.profile.known_at_monitor = known
    user.profile.save()
    return sign_in(user)


@sync_to_async
def change(username: str, act: Callable[[User], object]) -> None:
    act(User.objects.get(username=username))


@pytest.fixture
def in_database() -> Callable[[str], Awaitable[Reader | None]]:
    """The real look-up, behind a memory of its own."""
    own = ReaderCache(readers._look_up, Clock())
    return lambda key: own.get(key, fresh=True)


async def test_who_was_looked_up_a_moment_ago_is_known_without_waiting(
    cache: ReaderCache, sessions: Sessions, clock: Clock
) -> None:
    with pytest.raises(LookupError):
        cache.remembered(KEY)
    sessions.gate.clear()
    asking = asyncio.create_task(cache.get(KEY))
    await asyncio.sleep(0)
    with pytest.raises(LookupError):
        cache.remembered(KEY)
    sessions.gate.set()
    assert await asking == cache.remembered(KEY) == ALICE
    clock.now += REMEMBERED_SECONDS
    with pytest.raises(LookupError):
        cache.remembered(KEY)


async def test_who_signed_out_is_not_known_without_waiting(cache: ReaderCache) -> None:
    await cache.get(KEY)
    cache.forget(KEY)
    with pytest.raises(LookupError):
        cache.remembered(KEY)


# ----- what the cookie header must look like


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "theme=dark",
        f"sessionid={KEY}",
        f"x_sessionid_prod={KEY}",
        "sessionid_prod=",
        "sessionid_prod=short",
        "sessionid_prod=../../etc/passwd",
        f"sessionid_prod={KEY.upper()}",
        f"sessionid_prod={KEY}a",
    ],
)
async def test_without_a_session_cookie_of_ours_nothing_is_looked_up(
    header: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(key: str) -> Reader | None:
        raise AssertionError(f"looked up {key}")

    monkeypatch.setattr(readers, "_readers", ReaderCache(refuse))
    assert await reader_of(header) is None


async def test_the_session_cookie_is_found_among_others() -> None:
    key = await signed_in()
    found = await reader_of(f"csrftoken_prod=x; sessionid_prod={key}; theme=dark")
    assert found == Reader("alice", is_staff=False, known_at_monitor=False)


# ----- who the reader is


async def test_staff_and_being_known_at_the_monitor_are_told(in_database: Callable[..., Awaitable[object]]) -> None:
    key = await signed_in("chief", is_staff=True, known_at_monitor=True)
    assert await in_database(key) == Reader("chief", is_staff=True, known_at_monitor=True)


async def test_a_user_without_a_profile_is_not_known_at_the_monitor(
    in_database: Callable[..., Awaitable[object]],
) -> None:
    key = await signed_in(known_at_monitor=True)
    await change("alice", lambda user: user.profile.delete())
    assert await in_database(key) == Reader("alice", is_staff=False, known_at_monitor=False)


async def test_an_unknown_session_has_no_reader(in_database: Callable[..., Awaitable[object]]) -> None:
    assert await in_database(KEY) is None


async def test_an_expired_session_has_no_reader(in_database: Callable[..., Awaitable[object]]) -> None:
    key = await signed_in()

    @sync_to_async
    def expire() -> None:
        Session.objects.filter(pk=key).update(expire_date=timezone.now())

    await expire()
    assert await in_database(key) is None


async def test_a_disabled_user_is_no_reader(in_database: Callable[..., Awaitable[object]]) -> None:
    key = await signed_in()
    await change("alice", lambda user: User.objects.filter(pk=user.pk).update(is_active=False))
    assert await in_database(key) is None


async def test_a_changed_password_ends_the_sessions_made_with_the_old_one(
    in_database: Callable[..., Awaitable[object]],
) -> None:
    key = await signed_in()

    def new_password(user: User) -> None:
        user.set_password("another battery")
        user.save()

    await change("alice", new_password)
    assert await in_database(key) is None


async def test_with_the_database_gone_the_reader_counts_as_signed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(keys: Sequence[str]) -> dict[str, Reader | None]:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(readers, "session_readers", gone)
    monkeypatch.setattr(readers, "_readers", ReaderCache(readers._look_up))
    assert await reader_of(f"sessionid_prod={KEY}") is None


async def test_sessions_that_wait_together_cost_one_question_to_the_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys = [await signed_in(name) for name in ("alice", "bob", "carol")] + [KEY]
    asked: list[Sequence[str]] = []

    def counted(some: Sequence[str]) -> dict[str, Reader | None]:
        asked.append(list(some))
        return session_readers(some)

    monkeypatch.setattr(readers, "session_readers", counted)
    monkeypatch.setattr(readers, "_readers", ReaderCache(readers._look_up))
    found = await asyncio.gather(*[reader_of(f"sessionid_prod={key}") for key in keys])
    assert [one and one.username for one in found] == ["alice", "bob", "carol", None]
    assert asked == [keys]


# ----- how often it is looked up


async def test_within_five_seconds_a_session_is_looked_up_once(
    cache: ReaderCache, sessions: Sessions, clock: Clock
) -> None:
    assert [await cache.get(KEY), await cache.get(KEY)] == [ALICE, ALICE]
    clock.now += REMEMBERED_SECONDS - 0.01
    await cache.get(KEY)
    assert sessions.asked == [KEY]


async def test_after_five_seconds_it_is_looked_up_again(cache: ReaderCache, sessions: Sessions, clock: Clock) -> None:
    await cache.get(KEY)
    clock.now += REMEMBERED_SECONDS
    sessions.answer = None
    assert await cache.get(KEY) is None


async def test_that_nobody_is_signed_in_is_remembered_too(cache: ReaderCache, sessions: Sessions) -> None:
    sessions.answer = None
    assert [await cache.get(KEY), await cache.get(KEY)] == [None, None]
    assert sessions.asked == [KEY]


async def test_a_write_never_trusts_the_memory(cache: ReaderCache, sessions: Sessions) -> None:
    await cache.get(KEY)
    sessions.answer = None
    assert await cache.get(KEY, fresh=True) is None
    assert await cache.get(KEY) is None, "what a write learned holds for the next reader"


async def test_requests_that_arrive_together_share_one_look_up(cache: ReaderCache, sessions: Sessions) -> None:
    assert await asyncio.gather(*(cache.get(KEY) for _ in range(20))) == [ALICE] * 20
    assert sessions.asked == [KEY]


async def test_a_reader_who_hangs_up_does_not_take_the_others_along(cache: ReaderCache, sessions: Sessions) -> None:
    sessions.gate.clear()
    first, second = asyncio.ensure_future(cache.get(KEY)), asyncio.ensure_future(cache.get(KEY))
    await asyncio.sleep(0)
    first.cancel()
    sessions.gate.set()
    assert await second == ALICE


async def test_sessions_do_not_mix(cache: ReaderCache, sessions: Sessions) -> None:
    await cache.get(KEY)
    sessions.answer = None
    assert await cache.get("b" * 32) is None


async def test_the_memory_is_bounded(cache: ReaderCache, sessions: Sessions) -> None:
    for number in range(REMEMBERED_SESSIONS + 1):
        await cache.get(f"{number:032}")
    await cache.get(f"{REMEMBERED_SESSIONS:032}")
    assert len(sessions.asked) == REMEMBERED_SESSIONS + 1, "the newest is still remembered"
    await cache.get(f"{0:032}")
    assert len(sessions.asked) == REMEMBERED_SESSIONS + 2, "the oldest had to go"


# ----- signing out


async def test_signing_out_is_felt_at_once(cache: ReaderCache, sessions: Sessions) -> None:
    await cache.get(KEY)
    sessions.answer = None
    cache.forget(KEY)
    assert await cache.get(KEY) is None


async def test_a_sign_out_during_a_look_up_is_not_undone_by_its_answer(cache: ReaderCache, sessions: Sessions) -> None:
    sessions.gate.clear()
    running = asyncio.ensure_future(cache.get(KEY))
    await asyncio.sleep(0)
    cache.forget(KEY)
    sessions.answer = None
    sessions.gate.set()
    await running
    assert await cache.get(KEY) is None


async def test_forgetting_an_unknown_session_is_no_error(cache: ReaderCache) -> None:
    cache.forget(KEY)
