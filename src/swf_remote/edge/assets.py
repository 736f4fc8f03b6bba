"""The gateway's own static files, below ``STATIC_URL``; the monitor's are at ``<mount>/static/`` and are proxied.

A file asked for with its fingerprint (``?v=…``) never changes; any other is asked about again.
"""

from __future__ import annotations

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from swf_remote.edge.problem import Problem, ProblemError

STATIC_FOLDER = Path(__file__).resolve().parent.parent / "static"
FOR_EVER = b"public, max-age=31536000, immutable"
ASK_AGAIN = b"no-cache"
NOT_FOUND = Problem(404, "not-found", "There is no file at this address", "Open the page anew.")
READ_ONLY = Problem(405, "method-not-allowed", "Files can only be read", "Use GET.", allow=("GET", "HEAD"))


class Assets:
    """ASGI application: files of one folder, with entity tags, dates and ranges."""

    def __init__(self, prefix: str, folder: Path) -> None:
        self._prefix = prefix.rstrip("/")
        self._files = StaticFiles(directory=folder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with one file.

        Raises:
            ProblemError: there is none, or the method is not GET or HEAD.
        """
        caching = FOR_EVER if scope["query_string"].startswith(b"v=") else ASK_AGAIN

        async def send_with_caching(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in (200, 206, 304):
                message["headers"] = [*message["headers"], (b"cache-control", caching)]
            await send(message)

        try:
            await self._files({**scope, "root_path": self._prefix}, receive, send_with_caching)
        except HTTPException as error:
            raise ProblemError(READ_ONLY if error.status_code == READ_ONLY.status else NOT_FOUND) from None
