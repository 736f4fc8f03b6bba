"""The server's entry: static files, lifespan, and Django for the rest.

Files under ``<subpath>/static/`` come straight from the package's folders, so a file dropped there is served at
once, streamed, with ETag and ranges. Everything else below the mount is Django's; outside it nothing is served but a
redirect of the bare mount, which lacks its slash.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.core.asgi import get_asgi_application
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from swf_monitor import lifespan
from swf_monitor.request_log import RequestLog


class Monitor:
    """Routes by path prefix and answers the lifespan messages that Django does not know."""

    def __init__(self, mount: str, static: ASGIApp, pages: Callable[..., Any]) -> None:
        self._mount = mount
        self._static_prefix = f"{mount}/static"
        self._static = static
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _answer_lifespan(receive, send)
        elif scope["type"] == "http":
            await self._route(scope["path"])(scope, receive, send)

    def _route(self, path: str) -> Callable[..., Any]:
        if path.startswith(f"{self._static_prefix}/"):
            return self._serve_static
        if path.startswith(f"{self._mount}/"):
            return self._pages
        if path in ("/", self._mount):
            return RedirectResponse(f"{self._mount}/", status_code=301)
        return PlainTextResponse("Not found: this server answers below its mount only.\n", status_code=404)

    async def _serve_static(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The file server finds its relative path by removing root_path, as a mount would have set it.
        await self._static({**scope, "root_path": self._static_prefix}, receive, send)


async def _answer_lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await lifespan.start()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await lifespan.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


def _static_files() -> ASGIApp:
    # The second folder holds the style of the browsable REST pages, which name files under ``rest_framework/``.
    files = StaticFiles(directory=settings.STATIC_ROOT, packages=[("rest_framework", "static")])
    return ExceptionMiddleware(files)  # turns "no such file" into 404


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "swf_monitor.settings")
_django: Final = get_asgi_application()
application: Final = RequestLog(Monitor(settings.FORCE_SCRIPT_NAME or "", _static_files(), _django))
