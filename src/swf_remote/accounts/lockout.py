"""What a reader is told when too many log-ins failed: how long it lasts, and what to do meanwhile.

`django-axes` counts and locks (settings); a name is locked whether or not it exists, so this tells nobody who has an
account.
"""

from datetime import UTC, datetime, timedelta
from math import ceil

from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_cool_off
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from swf_remote.edge.problem import Problem
from swf_remote.web.handlers import problem_response
from swf_remote.web.moments import duration, stamp


def locked_out(request: HttpRequest, *_: object) -> HttpResponse:
    """`AXES_LOCKOUT_CALLABLE`: 429 with the time at which the lock ends."""
    now = datetime.now(UTC)
    until = locked_until(request, now)
    return problem_response(request, lockout_problem(until, now))


def lockout_problem(until: datetime, now: datetime) -> Problem:
    """The lock in words; `retry_after` counts to its end."""
    left = max(until - now, timedelta(seconds=1))
    return Problem(
        429,
        "locked-out",
        "Log-in is locked for a while",
        f"After {settings.AXES_FAILURE_LIMIT} failed attempts, log-ins with this name from this address are refused "
        f"until {stamp(until)} (for {duration(left)} more); until then the right password is refused too. "
        "If the password is forgotten, ask an administrator of the gateway for a new one.",
        retry_after=ceil(left.total_seconds()),
    )


def locked_until(request: HttpRequest, now: datetime) -> datetime:
    """When the youngest of the failures that lock this request is forgotten."""
    cool_off = get_cool_off(request) or timedelta()
    # Signed-in readers are asked for their password again, too; then a form's name counts for nothing.
    signed_in = request.user.is_authenticated
    name = request.user.get_username() if signed_in else request.POST.get("username", "").strip()
    found = AxesDatabaseHandler().get_user_attempts(request, {"username": name})
    times = [attempt.attempt_time for attempts in found for attempt in attempts]
    return max(times, default=now) + cool_off
