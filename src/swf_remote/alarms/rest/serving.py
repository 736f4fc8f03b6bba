"""What all REST endpoints of the alarms share: methods, who asks, bodies, and how failures are told (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.vary import vary_on_headers

from swf_remote.alarms.access import Reader, is_signed_in
from swf_remote.alarms.acting import RefusedActionError
from swf_remote.alarms.configuring import RefusedError
from swf_remote.alarms.inputs.queries import InputError
from swf_remote.alarms.selection import SelectionError
from swf_remote.configuration import configuration
from swf_remote.edge.origin import same_origin
from swf_remote.edge.problem import Problem, ProblemError
from swf_remote.web.handlers import BAD_REQUEST, CROSS_ORIGIN, FORBIDDEN, NOT_FOUND, problem_response, wrong_method

from .bodies import read_object
from .masking import masked

SAFE = frozenset({"GET"})

LOG_IN = Problem(
    401,
    "log-in-first",
    "Log in to do this",
    "Everybody reads alarms and events; whoever changes something, or sees addresses, has to be known.",
)
GONE = replace(NOT_FOUND, title="There is no such thing", detail="Check the name or the identifier in the address.")
CONFLICT = Problem(409, "conflict", "This cannot be done now", "", outcome="Nothing was changed.")
NOT_VALID = Problem(
    422,
    "not-valid",
    "What was sent is not allowed",
    "`faults` says which fields are wrong and what is allowed.",
    outcome="Nothing was changed.",
)
NO_DATABASE = Problem(
    503,
    "database-down",
    "The gateway's database does not answer",
    "Try again in a moment. Nothing is lost: alarms are evaluated again once it answers.",
    retry_after=10,
)
NO_ANSWER = Problem(502, "no-answer", "The monitor gave no answer that can be relied on", "")


@dataclass(frozen=True, slots=True)
class Reply:
    """JSON and what goes with it."""

    content: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    """One request."""

    request: HttpRequest
    now: datetime

    @property
    def reader(self) -> Reader:
        """Who asks."""
        return self.request.user

    @cached_property
    def signed_in(self) -> bool:
        """Whether it is somebody."""
        return is_signed_in(self.reader)

    @property
    def name(self) -> str:
        """Who it is, for what is written down."""
        return self.reader.get_username()

    @cached_property
    def query(self) -> Mapping[str, str]:
        """The words of the address, the last of each name.

        Raises:
            ProblemError: one holds what no text has.
        """
        words = {name: str(value) for name, value in self.request.GET.items()}
        if any("\0" in part for pair in words.items() for part in pair):
            raise ProblemError(replace(BAD_REQUEST, detail="A parameter holds a character that no text has."))
        return words

    def body(self) -> dict[str, Any]:
        """The JSON object that was sent.

        Raises:
            ProblemError: it is none, or is too large.
        """
        return read_object(self.request)

    def need_reader(self) -> None:
        """Let only signed-in users go on.

        Raises:
            ProblemError: it is nobody.
        """
        if not self.signed_in:
            raise ProblemError(LOG_IN)

    def need(self, allowed: bool) -> None:
        """Let somebody go on who may.

        Raises:
            ProblemError: it is nobody, or somebody who may not.
        """
        self.need_reader()
        if not allowed:
            raise ProblemError(FORBIDDEN)


Handler = Callable[..., Reply | HttpResponse]


class View:
    """What answers at one address, and with which methods."""

    csrf_exempt = True
    """A request of our own origin, as every write has to be, needs no token."""

    def __init__(self, answer: Callable[..., HttpResponseBase], methods: tuple[str, ...]) -> None:
        self._answer = answer
        self.methods = methods

    def __call__(self, request: HttpRequest, **names: Any) -> HttpResponseBase:
        """Answer a request."""
        return self._answer(request, **names)


def endpoint(**handlers: Handler) -> View:
    """The view of one address, from a handler for each method that it answers; HEAD comes with GET."""

    @never_cache
    @vary_on_headers("Accept", "Cookie")
    def view(request: HttpRequest, **names: Any) -> HttpResponseBase:
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method not in handlers:
            return wrong_method(request, *(("HEAD",) if "GET" in handlers else ()), *handlers)
        try:
            asked = Asked(request, timezone.now())
            if method not in SAFE:
                _may_write(asked)
            return _sent(asked, handlers[method](asked, **names))
        except ProblemError as error:
            return problem_response(request, error.problem)
        except (
            SelectionError,
            RefusedActionError,
            RefusedError,
            InputError,
            ObjectDoesNotExist,
            DatabaseError,
        ) as error:
            return problem_response(request, problem_of(error))

    return View(view, tuple(handlers))


def problem_of(error: Exception) -> Problem:
    """A failure in the words of a problem."""
    match error:
        case SelectionError():
            return replace(BAD_REQUEST, detail=str(error))
        case RefusedActionError():
            return replace(CONFLICT, detail=str(error))
        case RefusedError():
            faults = tuple((name, word) for name, words in error.faults.items() for word in words)
            return replace(NOT_VALID, faults=faults)
        case InputError():
            return replace(NO_ANSWER, detail=str(error))
        case ObjectDoesNotExist():
            return GONE
    return NO_DATABASE


def _may_write(asked: Asked) -> None:
    """Only a page of ours sends writes, and only for somebody (as of the proxied forms)."""
    request = asked.request
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.items()]
    if not same_origin(headers, request.get_host(), configuration().public_url):
        raise ProblemError(CROSS_ORIGIN)
    asked.need_reader()


def _sent(asked: Asked, reply: Reply | HttpResponse) -> HttpResponse:
    if isinstance(reply, HttpResponse):
        return reply
    content = reply.content if asked.signed_in else masked(reply.content)
    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    return HttpResponse(text, status=reply.status, content_type="application/json", headers=dict(reply.headers))
