"""The gateway's own JSON endpoints, asked at random by Schemathesis from their description: they answer as they say."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from pytest_django import DjangoDbBlocker
from schemathesis import Case

from tests.remote.gateways import gateway
from tests.remote.laboratory.monitor import NAME, laboratory

pytestmark = pytest.mark.slow
EXAMPLES = 40
EXPECTED = {"/status/", "/healthz", "/readyz", "/status/openapi.json"}


@pytest.fixture(scope="module")
def mounted(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Address of a gateway before the stand-in, in an event loop of its own, since Schemathesis waits for answers."""
    ready, over = threading.Event(), threading.Event()
    found: list[str] = []

    async def serve() -> None:
        async with laboratory() as monitor, gateway(monitor.url, monitor_host=NAME) as running:
            while (await running.ask("/prod/readyz")).status != 200:
                await asyncio.sleep(0.05)
            found.append(f"{running.url}/prod")
            ready.set()
            await asyncio.to_thread(over.wait)

    with django_db_blocker.unblock():
        serving = threading.Thread(target=asyncio.run, args=(serve(),))
        serving.start()
        assert ready.wait(20)
        yield found[0]
        over.set()
        serving.join(20)


@pytest.fixture(scope="module")
def description(mounted: str) -> Any:
    """The gateway's own description of itself."""
    return schemathesis.openapi.from_url(f"{mounted}/status/openapi.json")


@pytest.mark.parametrize("path", sorted(EXPECTED))
def test_an_own_endpoint_answers_as_its_description_says(path: str, description: Any) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(description[path]["GET"].as_strategy())
    def check(case: Case) -> None:
        case.call_and_validate()

    check()


def test_the_description_names_every_own_endpoint(mounted: str) -> None:
    said = requests.get(f"{mounted}/status/openapi.json", timeout=10).json()
    assert set(said["paths"]) >= EXPECTED


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing/here/"),
        ("GET", "/api/users/"),
        ("POST", "/pcs/api/x/"),
        ("PUT", "/healthz"),
        ("GET", "/a%00b"),
    ],
)
def test_a_refusal_is_a_problem_document_for_programs(method: str, path: str, mounted: str) -> None:
    reply = requests.request(method, mounted + path, headers={"Accept": "application/json"}, timeout=10)
    assert reply.status_code >= 400
    assert reply.headers["Content-Type"] == "application/problem+json"
    said = reply.json()
    assert said["status"] == reply.status_code
    assert {"type", "title", "detail", "request_id"} <= set(said)
    assert said["request_id"] == reply.headers["X-Request-ID"]
