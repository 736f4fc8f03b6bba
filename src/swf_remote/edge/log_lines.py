"""How log lines look: readable text, or JSON for machines (``SWF_REMOTE_LOG_FORMAT``).

Lines about a request tell its id, which readers see in ``X-Request-ID`` and the monitor hears through the tunnel. The
one line that each request gets is put together by hand, because it costs every reader time.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, MutableMapping
from functools import lru_cache
from typing import Any, Literal

import structlog
from starlette.types import Scope

from swf_remote.edge.exchange import Exchange, current_exchange

LOG = logging.getLogger("swf_remote.access")
LONGEST_TARGET = 500
Format = Literal["text", "json"]
# Values that let somebody in, should they ever stand in an address.
_SECRET = re.compile(
    rb"(?i)((?:^|[&;])[^=&;]*(?:token|password|passwd|secret|api_?key|session|signature|code)[^=&;]*=)[^&;]+"
)


def formatter(style: Format) -> logging.Formatter:
    """For records of Python's own logging."""
    if style == "text":
        return _TextFormatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.format_exc_info,
            _with_request,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
    )


class _TextFormatter(logging.Formatter):
    """With the request's id where an access line has it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        exchange = current_exchange()
        if exchange is not None:
            record.message = f"{exchange.request_id} {record.message}"
        return super().formatMessage(record)


def _with_request(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    exchange = current_exchange()
    if exchange is not None:
        event["request_id"] = exchange.request_id
    return event


def line_maker(style: Format) -> Callable[[Scope, Exchange], str]:
    """What makes the line of a request that ended."""
    return _json_line if style == "json" else _text_line


def _text_line(scope: Scope, exchange: Exchange) -> str:
    now = time.time()
    moment = f"{_second(int(now))},{int(now * 1000) % 1000:03}"
    target = _target(scope["raw_path"], scope["query_string"])
    upstream = "-" if exchange.upstream_seconds is None else f"{exchange.upstream_seconds * 1000:.0f}"
    times = f"total_ms={exchange.seconds() * 1000:.0f} upstream_ms={upstream}"
    note = f" note={exchange.note!r}" if exchange.note else ""
    return (
        f"{moment} INFO swf_remote.access {exchange.request_id} {scope['method']} {target} {exchange.status or '-'} "
        f"{times} cache={_cache(exchange)} sent={exchange.sent} client={_client(scope)}{note}"
    )


def _json_line(scope: Scope, exchange: Exchange) -> str:
    upstream = exchange.upstream_seconds
    told = {
        "time": _utc_second(int(now := time.time())) + f".{int(now * 1000) % 1000:03}Z",
        "level": "info",
        "logger": "swf_remote.access",
        "event": "request",
        "request_id": exchange.request_id,
        "method": scope["method"],
        "target": _target(scope["raw_path"], scope["query_string"]),
        "status": exchange.status,
        "total_ms": round(exchange.seconds() * 1000, 1),
        "upstream_ms": None if upstream is None else round(upstream * 1000, 1),
        "area": exchange.area,
        "cache": _cache(exchange),
        "sent": exchange.sent,
        "client": _client(scope),
        "note": exchange.note,
    }
    return json.dumps(told)


@lru_cache(maxsize=1024)
def _target(path: bytes, query: bytes) -> str:
    """Path and query in one line that shows what cannot be printed, without secrets."""
    target = path + b"?" + _SECRET.sub(rb"\1...", query) if query else path
    return target.decode("latin-1").encode("unicode_escape").decode()[:LONGEST_TARGET]


def _cache(exchange: Exchange) -> str:
    return exchange.cache if exchange.proxied else "-"


def _client(scope: Scope) -> str:
    return str((scope.get("client") or ("-",))[0])


@lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


@lru_cache(maxsize=4)
def _utc_second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
