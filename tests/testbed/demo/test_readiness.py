"""When the demo may be called ready, asked of a real HTTP server."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from swf_testbed.demo.readiness import wait_until_linked


@contextmanager
def gateway(*answers: tuple[int, str]) -> Iterator[tuple[str, list[str]]]:
    """Says these of its link, one after the other, the last for ever: its address, and what it has said."""
    left, said = list(answers), list[str]()

    class Readyz(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, word = left.pop(0) if len(left) > 1 else left[0]
            said.append(word)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps({"status": "any", "parts": {"database": "ok", "link": word}}).encode())

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Readyz)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", said
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_a_gateway_that_looked_before_the_others_were_up_is_waited_for() -> None:
    with gateway((503, "not looked at yet"), (200, "tunnel"), (200, "monitor"), (200, "ok")) as (url, said):
        async with asyncio.timeout(10):
            await wait_until_linked(url)
    assert said == ["not looked at yet", "tunnel", "monitor", "ok"]


async def test_a_monitor_whose_data_are_old_answers_and_is_not_waited_for() -> None:
    with gateway((200, "database or feed")) as (url, said):
        async with asyncio.timeout(10):
            await wait_until_linked(url)
    assert said == ["database or feed"]


async def test_a_link_that_stays_broken_is_no_ready_demo() -> None:
    with gateway((200, "tunnel")) as (url, said), pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await wait_until_linked(url)
    assert said
