"""Answers that need no waiting: made and sent in the very moment in which a request's last byte came, without a task.

They are what memory has and what a used-up budget refuses. Both must cost little: one is most of the load, the other
all of a flood. What a request means is found out once for all that are the same (``Arrival``). Whatever cannot be
answered so takes the long way through ``edge.outer``, with all that was found out of it (``EXPECTED``); what leaves
here would leave there.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

from starlette.types import Scope

from swf_remote.edge import metrics
from swf_remote.edge.exchange import Exchange, exchange_of
from swf_remote.edge.log_lines import LOG
from swf_remote.edge.log_output import output
from swf_remote.edge.problem import Problem
from swf_remote.edge.runtime import Runtime
from swf_remote.edge.security import SecurityHeaders
from swf_remote.edge.server.answer import BODILESS, AnswerFraming
from swf_remote.edge.server.head import Head, Headers
from swf_remote.web.error_pages import error_response
from swf_remote.web.negotiation import ErrorForm, error_form

FAILURES = logging.getLogger("swf_remote.failures")
# In the scope of a request that was looked at here: the ``Expected`` of its own. Its headers are cleaned, and neither
# the edge nor Django answers it.
EXPECTED = "swf_remote.expected"
MOST_ARRIVALS = 1024
# Of what browsers send, half as much.
LONGEST_ARRIVAL = 4096
Field = tuple[bytes, bytes]
Wire = tuple[bytes, bytes]
"""Head and body as they go out."""
_END = b"\r\n"
_LENGTH = b"content-length"
_STAND_IN = Exchange("")
_STAND_IN_NONCE = _STAND_IN.nonce.encode()


@dataclass(frozen=True, slots=True)
class Ready:
    """A kept answer of the monitor's, as one reader gets it."""

    status: int
    headers: list[Field]
    """But for what differs from one request to the next."""
    body: bytes
    age: int
    """Seconds."""
    heads: dict[tuple[int, str], bytes] = field(default_factory=dict)
    """Heads that were made of these headers, by status and area; kept with them."""


class Expected(Protocol):
    """What the inside knows of a request before it looks for an answer."""

    @property
    def area(self) -> str:
        """The kind of the row that decides."""


class Inside(Protocol):
    """Who may have answers (``proxy.prompt``)."""

    def expected(self, scope: Scope) -> Any | None:
        """An ``Expected`` for later use, where such a request may ever be answered at once."""

    def answer(self, expected: Any) -> Ready | Problem | None:
        """The answer, a refusal, or None where somebody has to be waited for. Nothing has happened then."""


class Asking(Protocol):
    """The connection on which somebody asks."""

    @property
    def peer(self) -> str:
        """Its other end."""

    def scope(self, head: Head) -> dict[str, Any]:
        """The request as an ASGI application gets it."""

    def date_line(self) -> bytes:
        """``Date`` as it stands in the head of an answer."""


@dataclass(slots=True)
class Arrival:
    """What is true of all requests of the same bytes from the same place."""

    scope: Scope
    expected: Any
    next_id: bytes
    """Request id of the next answer."""
    given: bool
    """It is from a front proxy that is trusted, and so that of all of them."""

    def take_id(self) -> bytes:
        """The id of this request."""
        taken = self.next_id or secrets.token_hex(8).encode()
        if not self.given:
            self.next_id = b""
        return taken


class AtOnce:
    """See the module's text."""

    def __init__(
        self,
        runtime: Runtime,
        security: SecurityHeaders,
        line: Callable[[Scope, Exchange], str],
        inside: Inside,
        entered: Callable[[Scope], Scope | None],
    ) -> None:
        """`entered`: the scope as the inside may read it; None where the edge answers, or Django."""
        self._runtime, self._security, self._line = runtime, security, line
        self._inside, self._entered = inside, entered
        self._arrivals: OrderedDict[object, Arrival | None] = OrderedDict()
        self._refusal_head = lru_cache(maxsize=256)(self._made_refusal_head)

    def __call__(self, head: Head, asking: Asking) -> Wire | Scope:
        """The whole answer as it goes out on a connection that stays, or the scope in which it takes the long way."""
        if not self._runtime.open_without_traces:
            return asking.scope(head)
        began = time.perf_counter()
        try:
            return self._answer(head, asking, began)
        except Exception:
            # Nothing was sent: on the long way a failure becomes a page.
            FAILURES.exception("a request could not be answered at once")
            return asking.scope(head)

    def _answer(self, head: Head, asking: Asking, began: float) -> Wire | Scope:
        key = head.method, head.target, head.headers, asking.peer
        is_known = key in self._arrivals
        arrival = self._arrivals[key] if is_known else self._new_arrival(head, asking)
        sent: Wire | None = None
        if arrival is not None:
            found = self._inside.answer(arrival.expected)
            if isinstance(found, Problem):
                return self._refused(arrival, found, asking, began)
            sent = self._sent(arrival, found, asking, began) if found else None
            if sent is None and not is_known:
                return {**arrival.scope, EXPECTED: arrival.expected}
        if is_known:
            self._arrivals.move_to_end(key)
        elif head.size <= LONGEST_ARRIVAL:
            self._remember(key, arrival)
        # What is remembered is not handed on: it bears the number of the request of which it was found out.
        return sent or asking.scope(head)

    def _remember(self, key: object, arrival: Arrival | None) -> None:
        """Not of what was refused or has to be asked for: a flood would drive out all others."""
        self._arrivals[key] = arrival
        if len(self._arrivals) > MOST_ARRIVALS:
            self._arrivals.popitem(last=False)

    def _new_arrival(self, head: Head, asking: Asking) -> Arrival | None:
        scope = self._entered(asking.scope(head))
        expected = None if scope is None else self._inside.expected(scope)
        if scope is None or expected is None:
            return None
        request_id = exchange_of(scope).request_id.encode()
        return Arrival(scope, expected, request_id, (b"x-request-id", request_id) in head.headers)

    def _sent(self, arrival: Arrival, ready: Ready, asking: Asking, began: float) -> Wire | None:
        area = arrival.expected.area
        key = ready.status, area
        block = ready.heads.get(key)
        if block is None:
            made = self._head_of(ready, area)
            if made is None:
                return None
            block = ready.heads[key] = made
        request_id = arrival.take_id()
        seconds = time.perf_counter() - began
        date = b"" if b"\r\ndate: " in block else asking.date_line()
        head = b"%b%bage: %d\r\nx-request-id: %b\r\nserver-timing: gateway;dur=%.1f\r\n\r\n" % (
            block,
            date,
            ready.age,
            request_id,
            seconds * 1000,
        )
        method = arrival.scope["method"]
        body = b"" if method == "HEAD" else ready.body
        metrics.answered_at_once(area, method, ready.status, seconds, hit=True)
        told = Exchange(request_id.decode(), began, proxied=True, area=area, cache="hit", status=ready.status)
        told.sent = len(body)
        self._log(arrival.scope, told)
        return head, body

    def _head_of(self, ready: Ready, area: str) -> bytes | None:
        """The lines that are the same each time; None where the body's end would have to be told in another way."""
        measured = ready.status in BODILESS or any(name == _LENGTH for name, _ in ready.headers)
        if not measured:
            return None
        exchange = Exchange("", proxied=True, area=area)
        headers = [*ready.headers, (b"x-swf-cache", b"hit")]
        return _lines(ready.status, self._security.added(headers, ready.status, exchange))

    def _refused(self, arrival: Arrival, problem: Problem, asking: Asking, began: float) -> Wire:
        scope = arrival.scope
        form = form_for(tuple(scope["headers"][:-1]))
        request_id = arrival.take_id()
        nonce = secrets.token_urlsafe(16) if form is ErrorForm.PAGE else ""
        body = error_response(problem, form=form, request_id=request_id.decode(), nonce=nonce)[1]
        block = self._refusal_head(problem, form)
        if nonce:
            block = block.replace(_STAND_IN_NONCE, nonce.encode())
        seconds = time.perf_counter() - began
        head = b"%b%bcontent-length: %d\r\nx-request-id: %b\r\nserver-timing: gateway;dur=%.1f\r\n\r\n" % (
            block,
            asking.date_line(),
            len(body),
            request_id,
            seconds * 1000,
        )
        method, area = scope["method"], arrival.expected.area
        sent = b"" if method == "HEAD" else body
        metrics.problem_told(problem)
        metrics.answered_at_once(area, method, problem.status, seconds, hit=False)
        told = Exchange(request_id.decode(), began, area=area, status=problem.status, sent=len(sent), note=problem.kind)
        self._log(scope, told)
        return head, sent

    def _made_refusal_head(self, problem: Problem, form: ErrorForm) -> bytes:
        """The lines that are the same each time, but for the nonce of a page."""
        headers, _ = error_response(problem, form=form, request_id="-", nonce=_STAND_IN.nonce)
        told = self._security.added(headers, problem.status, _STAND_IN)
        return _lines(problem.status, [one for one in told if one[0] != _LENGTH], length=False)

    def _log(self, scope: Scope, told: Exchange) -> None:
        if LOG.isEnabledFor(logging.INFO):
            output().write(self._line(scope, told))


@lru_cache(maxsize=256)
def form_for(fields: Headers) -> ErrorForm:
    """The form in which whoever sends these header fields can read a problem."""
    return error_form({name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(fields)})


def _lines(status: int, headers: list[Field], *, length: bool = True) -> bytes:
    """Status line and headers without the empty line at the end."""
    framing = AnswerFraming(method="GET" if length else "HEAD", version="1.1", keep_alive=True)
    return framing.head(status, headers).removesuffix(_END)
