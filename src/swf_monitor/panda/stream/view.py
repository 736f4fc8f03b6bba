"""``GET api/messages/stream/``: the HTTP side of the event stream (contract section 6).

First event ``connected``, then what the listener's filters accept, and a ``heartbeat`` every 30 s. The stream ends
when the client leaves or the server stops.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Final
from uuid import uuid4

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse

from swf_monitor.panda.stream.access import may_listen
from swf_monitor.panda.stream.events import CONNECTED, HEARTBEAT, Event, EventFilter
from swf_monitor.panda.stream.hub import Hub, hub_of_this_loop
from swf_monitor.panda.stream.watcher import watch

HEARTBEAT_SECONDS: Final = 30.0
MOST_LISTENERS: Final = 1000
_HEADERS: Final = {
    "Cache-Control": "no-cache",
    "X-Accel-Buffering": "no",
    "Access-Control-Allow-Origin": "*",
}


async def message_stream(request: HttpRequest) -> HttpResponseBase:
    """The event stream, or 401, 405, 503 as JSON."""
    if request.method not in ("GET", "HEAD"):
        detail = {"detail": f'Method "{request.method}" not allowed.'}
        return JsonResponse(detail, status=405, headers={"Allow": "GET, HEAD"})
    if not await sync_to_async(may_listen)(request):
        return _refused()
    hub = hub_of_this_loop(watch)
    if hub.listener_count >= MOST_LISTENERS:
        problem = {"error": "Too many listeners; poll instead, or come back later."}
        return JsonResponse(problem, status=503, headers={"Retry-After": "60"})
    if request.method == "HEAD":
        return HttpResponse(content_type="text/event-stream", headers=_HEADERS)
    frames = event_frames(hub, EventFilter.from_query(request.GET.dict()))
    return StreamingHttpResponse(frames, content_type="text/event-stream", headers=_HEADERS)


async def event_frames(
    hub: Hub, wanted: EventFilter, heartbeat_seconds: float = HEARTBEAT_SECONDS
) -> AsyncIterator[bytes]:
    """The encoded events for one listener, until the hub closes or the caller stops asking."""
    async with hub.listener(wanted) as mailbox:
        yield Event(CONNECTED, {"client_id": str(uuid4()), "status": "connected"}).encode()
        last_heartbeat = time.monotonic()
        while not mailbox.closed:
            event = await mailbox.next_event(last_heartbeat + heartbeat_seconds - time.monotonic())
            if event is not None:
                yield event.encode()
            if time.monotonic() >= last_heartbeat + heartbeat_seconds and not mailbox.closed:
                last_heartbeat = time.monotonic()
                yield Event(HEARTBEAT, {"timestamp": time.time()}).encode()


def _refused() -> JsonResponse:
    detail = {"detail": "Authentication credentials were not provided."}
    return JsonResponse(detail, status=401, headers={"Cache-Control": "no-cache", "WWW-Authenticate": "Token"})
