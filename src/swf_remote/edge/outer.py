"""The outermost ASGI application: every request passes here once, in and out.

In: headers cleaned, refusals, choice of who answers (files, Django's own pages, the proxy). Out: request id, security
headers, one log line. A failure inside becomes a problem page; once an answer has begun, only its abort is honest.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from swf_remote.configuration import Configuration
from swf_remote.edge import metrics
from swf_remote.edge.at_once import EXPECTED, AtOnce, Inside
from swf_remote.edge.exchange import Exchange, enter, exchange_of
from swf_remote.edge.intake import cleaned
from swf_remote.edge.log_lines import LOG, line_maker
from swf_remote.edge.log_output import output
from swf_remote.edge.problem import AnswerAbortedError, Problem, ProblemError
from swf_remote.edge.refusals import refusal
from swf_remote.edge.runtime import Runtime
from swf_remote.edge.security import SecurityHeaders
from swf_remote.proxy.policy.routes import exposure
from swf_remote.web.error_pages import error_response
from swf_remote.web.negotiation import error_form

FAILURES = logging.getLogger("swf_remote.failures")

OUTSIDE = Problem(404, "not-found", "There is nothing at this address", "The monitor's pages are below the mount.")
FAILED = Problem(
    500,
    "internal-error",
    "The gateway failed on this request",
    "The failure was recorded. Try again; if it stays, report it with the request id.",
)


class Outer:
    """See the module's text."""

    def __init__(
        self,
        settings: Configuration,
        runtime: Runtime,
        *,
        pages: ASGIApp,
        own_sections: Collection[str],
        proxy: ASGIApp,
        assets: ASGIApp,
        prompt: Inside | None = None,
    ) -> None:
        """`prompt`: what the proxy may answer without waiting."""
        self._hosts = settings.hosts if not settings.debug else [*settings.hosts, "*"]
        self._proxies = settings.proxies
        self._mount = settings.mount.encode()
        self._static = settings.own_static_url.encode()
        over_tls = settings.public_url.startswith("https://")
        self._security = SecurityHeaders(exposure().asset_hosts, settings.hsts_seconds if over_tls else 0)
        self._sections = frozenset(name.encode() for name in own_sections)
        self._line = line_maker(settings.log_format)
        self._runtime = runtime
        self._pages, self._proxy, self._assets = pages, proxy, assets
        self.at_once = prompt and AtOnce(runtime, self._security, self._line, prompt, self._entered)
        """Asked by the server before the application is called; see ``edge.at_once``."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or live through one lifespan."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._runtime.open()
            self._runtime.request_begins()
            metrics.request_begins()
            inner = scope if EXPECTED in scope else cleaned(scope, self._proxies)
            exchange = exchange_of(inner)
            if self._runtime.traces is not None:
                exchange.trace = self._runtime.traces.request(inner)
            try:
                await self._request(inner, receive, send)
            finally:
                self._runtime.request_ends()
                metrics.request_ends(exchange, scope["method"])
                if exchange.trace is not None:
                    exchange.trace.end(exchange)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await self._runtime.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._runtime.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = exchange_of(scope)
        enter(exchange)
        guarded = self._guarded(exchange, send)
        try:
            if EXPECTED in scope:
                await self._proxy(scope, receive, guarded)
            elif problem := refusal(scope, self._hosts):
                raise ProblemError(problem)
            else:
                await self._dispatch(scope, receive, guarded)
        except ProblemError as error:
            await self._tell(scope, error.problem, guarded)
        except AnswerAbortedError as error:
            exchange.note = f"aborted: {error}"
            metrics.answer_aborted()
        except Exception:
            FAILURES.exception("the request failed")
            await self._tell(scope, FAILED, guarded)
        finally:
            if LOG.isEnabledFor(logging.INFO):
                output().write(self._line(scope, exchange))

    def _entered(self, scope: Scope) -> Scope | None:
        """The scope as the proxy gets it; None for whatever does not get there."""
        inner = cleaned(scope, self._proxies)
        path: bytes = inner["raw_path"]
        proxied = path.startswith(self._mount + b"/") and not path.startswith(self._static)
        if not proxied or self._is_own(path) or refusal(inner, self._hosts):
            return None
        return inner

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: bytes = scope["raw_path"]
        if path.startswith(self._static):
            exchange_of(scope).area = "assets"
            await self._assets(scope, receive, send)
        elif path in (b"/", b"", self._mount):
            await _redirect(self._mount + b"/", send)
        elif path == b"/favicon.ico":  # browsers ask for it where a page names no icon
            await _redirect(self._static + b"web/mark.svg", send)
        elif not path.startswith(self._mount + b"/"):
            raise ProblemError(OUTSIDE)
        elif self._is_own(path):
            exchange_of(scope).area = "own"
            await self._pages(scope, receive, send)
        else:
            await self._proxy(scope, receive, send)

    def _is_own(self, path: bytes) -> bool:
        """Whether one of our sections, such as `status` or `api/alarms`, is at its head."""
        return not self._sections.isdisjoint((self._section(path, 1), self._section(path, 2)))

    def _section(self, path: bytes, segments: int) -> bytes:
        return unquote_to_bytes(b"/".join(path[len(self._mount) + 1 :].split(b"/", segments)[:segments]))

    def _is_rpc(self, scope: Scope) -> bool:
        path: bytes = scope["raw_path"]
        return scope["method"] == "POST" and path.startswith(self._mount + b"/") and self._section(path, 1) == b"mcp"

    def _guarded(self, exchange: Exchange, send: Send) -> Send:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = self._security.added(message.get("headers", ()), message["status"], exchange)
                headers.append((b"x-request-id", exchange.request_id.encode()))
                headers.append((b"server-timing", _timing(exchange)))
                await send({**message, "headers": headers})
                # Only now: a head that cannot be sent leaves room for words about that.
                exchange.status = message["status"]
                metrics.answer_begins(exchange)
                return
            exchange.sent += len(message.get("body", b""))
            await send(message)

        return guarded

    async def _tell(self, scope: Scope, problem: Problem, send: Send) -> None:
        exchange = exchange_of(scope)
        exchange.note = problem.kind
        if exchange.status is not None:
            metrics.answer_aborted()
            return
        metrics.problem_told(problem)
        exchange.proxied = False
        form = error_form(_texts(scope), rpc=self._is_rpc(scope))
        headers, body = error_response(problem, form=form, request_id=exchange.request_id)
        await send({"type": "http.response.start", "status": problem.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _timing(exchange: Exchange) -> bytes:
    """Milliseconds spent here, and before that on the monitor if it was asked (Server Timing 3.1)."""
    total = exchange.seconds() * 1000
    if exchange.upstream_seconds is None:
        return b"gateway;dur=%.1f" % total
    upstream = exchange.upstream_seconds * 1000
    return b"upstream;dur=%.1f, gateway;dur=%.1f" % (upstream, max(total - upstream, 0.0))


async def _redirect(target: bytes, send: Send) -> None:
    headers = [(b"location", target), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 302, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _texts(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}
