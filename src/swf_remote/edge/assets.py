"""The gateway's own static files, below ``STATIC_URL``; the monitor's are at ``<mount>/static/`` and are proxied.

A file asked for with its fingerprint (``?v=…``) never changes; any other is asked about again. Texts are compressed
once and kept so; their weak entity tag is the same in every coding, because the text is.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from anyio.to_thread import run_sync
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from swf_remote.edge.problem import Problem, ProblemError
from swf_remote.proxy.coding.encoding import encoder_for
from swf_remote.proxy.coding.negotiation import Accepted

STATIC_FOLDER = Path(__file__).resolve().parent.parent / "static"
TEXTS = frozenset({".css", ".js", ".json", ".map", ".svg", ".txt"})
# Smaller files fit into one packet anyway.
LEAST_PACKED = 1024
FOR_EVER = b"public, max-age=31536000, immutable"
ASK_AGAIN = b"no-cache"
NOT_FOUND = Problem(404, "not-found", "There is no file at this address", "Open the page anew.")
READ_ONLY = Problem(405, "method-not-allowed", "Files can only be read", "Use GET.", allow=("GET", "HEAD"))


class Assets:
    """ASGI application: files of one folder, with entity tags, dates and ranges."""

    def __init__(self, prefix: str, folder: Path) -> None:
        self._prefix = prefix.rstrip("/")
        self._files = _Files(directory=folder)

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


class _Files(StaticFiles):
    """Files, the texts among them in the coding that the reader likes best; a part is a part of the plain file."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if Path(path).suffix not in TEXTS:
            return response
        response.headers["vary"] = "Accept-Encoding"
        asked = Headers(scope=scope)
        coding = Accepted(asked.get("accept-encoding", "").encode("latin-1")).chosen()
        if not isinstance(response, FileResponse) or coding is None or "range" in asked:
            return response
        if int(response.headers["content-length"]) < LEAST_PACKED:
            return response
        body = await run_sync(_packed, str(response.path), response.headers["etag"], coding)
        headers = {name: response.headers[name] for name in ("content-type", "last-modified", "vary")}
        headers |= {"etag": f"W/{response.headers['etag']}", "content-encoding": coding.decode()}
        return Response(body, headers=headers)


@lru_cache(maxsize=512)
def _packed(path: str, _etag: str, coding: bytes) -> bytes:
    """The file of this path and tag, encoded."""
    encoder = encoder_for(coding)
    return encoder.feed(Path(path).read_bytes()) + encoder.finish()
