"""Figures for Prometheus: who may read them, and that each counts what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families
from starlette.types import Receive, Scope, Send

from swf_remote.configuration import configuration
from swf_remote.configuration_rules import problems_of
from swf_remote.edge import metrics
from swf_remote.edge.exchange import Exchange, exchange_of
from swf_remote.edge.exposition import exposition
from swf_remote.edge.problem import AnswerAbortedError, Problem, ProblemError
from swf_remote.edge.shared_memory import FOLDER
from swf_remote.proxy import link
from swf_remote.proxy.link import LinkRecord, Observation, Place, Proof, utc_now
from tests.remote.gateways import edge_around, settings_for

TOKEN = "a-token-of-some-length"


def figures(text: str | None = None) -> dict[str, float]:
    """Name with labels → value."""
    families = text_string_to_metric_families(text or exposition().decode())
    return {
        f"{sample.name}{sorted(sample.labels.items()) or ''}": sample.value
        for family in families
        for sample in family.samples
    }


class Growth:
    """By how much figures have grown since."""

    def __init__(self) -> None:
        self._before = figures()

    def of(self, name: str, **labels: str) -> float:
        key = f"{name}{sorted(labels.items()) or ''}"
        return figures().get(key, 0) - self._before.get(key, 0)


@pytest.fixture
def with_token(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(configuration(), "metrics_token", TOKEN)
    yield


@pytest.mark.django_db
def test_without_a_token_in_the_settings_no_token_opens_it(client: Client) -> None:
    assert client.get("/prod/metrics", HTTP_AUTHORIZATION="Bearer ").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("given", ["", "Bearer", "Bearer wrong", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}é"])
def test_without_the_right_token_there_is_no_such_page(client: Client, with_token: None, given: str) -> None:
    response = client.get("/prod/metrics", **({"HTTP_AUTHORIZATION": given} if given else {}))
    assert response.status_code == 404
    assert b"swf_remote_requests" not in response.content


@pytest.mark.django_db
@pytest.mark.parametrize(("is_staff", "status"), [(True, 200), (False, 404)])
def test_staff_read_it_in_their_session_and_no_other_user(client: Client, is_staff: bool, status: int) -> None:
    client.force_login(User.objects.create_user("somebody", is_staff=is_staff))
    assert client.get("/prod/metrics").status_code == status


def test_the_right_token_opens_it_and_nothing_is_stored(client: Client, with_token: None) -> None:
    response = client.get("/prod/metrics", HTTP_AUTHORIZATION=f"Bearer {TOKEN}")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain")
    assert "no-store" in response["Cache-Control"]
    found = figures(response.content.decode())
    assert "process_resident_memory_bytes" in found
    assert any(name.startswith("swf_remote_info[") for name in found)


@pytest.mark.parametrize("token", ["short", "with space and more than sixteen", "ümlaute-und-mehr-als-sechzehn"])
def test_a_weak_token_is_refused_at_the_start(token: str) -> None:
    assert [name for name, _ in problems_of(settings_for(metrics_token=token))] == ["metrics_token"]


async def answers(scope: Scope, receive: Receive, send: Send) -> None:
    exchange = exchange_of(scope)
    exchange.area, exchange.upstream_seconds = "page", 0.2
    if scope["path"].endswith("refused/"):
        raise ProblemError(Problem(403, "not-exposed", "Not here", "Go elsewhere"))
    if scope["path"].endswith("failing/"):
        raise ProblemError(Problem(502, "link-down", "Down", "Later"))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x", "more_body": True})
    if scope["path"].endswith("half/"):
        raise AnswerAbortedError("cut")
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.slow
async def test_requests_failures_refusals_and_aborted_answers_are_counted() -> None:
    growth = Growth()
    async with edge_around(answers) as gateway:
        await gateway.ask("/prod/panda/")
        await gateway.ask("/prod/panda/refused/")
        await gateway.ask("/prod/panda/failing/")
        await gateway.raw(b"GET /prod/panda/half/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        await gateway.ask("/prod/assets/web/site.css")
        await gateway.ask("/elsewhere", "DELETE")
    requests = "swf_remote_requests_total"
    assert growth.of(requests, area="page", method="GET", status="2xx") == 2
    assert growth.of(requests, area="page", method="GET", status="4xx") == 1
    assert growth.of(requests, area="page", method="GET", status="5xx") == 1
    assert growth.of(requests, area="assets", method="GET", status="2xx") == 1
    assert growth.of(requests, area="edge", method="DELETE", status="4xx") == 1
    assert growth.of("swf_remote_refusals_total", kind="not-exposed") == 1
    assert growth.of("swf_remote_failures_total", kind="link-down") == 1
    assert growth.of("swf_remote_failures_total", kind="answer-aborted") == 1
    assert growth.of("swf_remote_upstream_seconds_count", area="page") == 4
    assert growth.of("swf_remote_upstream_seconds_sum", area="page") == pytest.approx(0.8)
    assert growth.of("swf_remote_requests_in_progress") == 0


def test_methods_that_nobody_uses_share_one_label() -> None:
    growth = Growth()
    metrics.request_begins()
    metrics.request_ends(Exchange("id"), "BREW-3f9a")
    assert growth.of("swf_remote_requests_total", area="edge", method="other", status="none") == 1


def test_open_streams_are_counted_while_they_last() -> None:
    growth, exchange = Growth(), Exchange("id", area="stream")
    metrics.request_begins()
    exchange.status = 200
    metrics.answer_begins(exchange)
    assert growth.of("swf_remote_streams_open") == 1
    metrics.request_ends(exchange, "GET")
    assert growth.of("swf_remote_streams_open") == 0


@dataclass
class Placement:
    blocks: int
    placed: int


@pytest.mark.parametrize(
    ("blocks", "placed", "outcome"),
    [(1, 1, "placed"), (0, 0, "missing"), (2, 1, "repeated"), (1, 0, "not understood")],
)
def test_what_became_of_a_pages_account_corner_is_counted(blocks: int, placed: int, outcome: str) -> None:
    growth = Growth()
    metrics.page_corner(Placement(blocks, placed))
    assert growth.of("swf_remote_account_corners_total", outcome=outcome) == 1


@pytest.mark.parametrize(
    ("seen", "parts"),
    [
        (Observation(None, "", 12.0), {"tunnel": 1, "monitor": 1, "database or feed": 1}),
        (Observation(Place.MONITOR, "silent"), {"tunnel": 1, "monitor": 0, "database or feed": 0}),
        (Observation(Place.TUNNEL, "down"), {"tunnel": 0, "monitor": 0, "database or feed": 0}),
    ],
)
def test_the_link_is_told_part_by_part(
    monkeypatch: pytest.MonkeyPatch, seen: Observation, parts: dict[str, float]
) -> None:
    record = LinkRecord(clock=utc_now, proof=Proof.PIN)
    record.note(seen)
    monkeypatch.setattr(link._Installed, "record", record)
    found = figures()
    assert {part: found[f"swf_remote_link_up{[('part', part)]}"] for part in parts} == parts
    assert ("swf_remote_link_answer_seconds" in found) is (seen.latency_ms is not None)
    assert any("('proof', 'pin')" in name for name in found)


@pytest.mark.slow
def test_several_processes_are_counted_together(tmp_path: Path) -> None:
    """Two processes count one refusal each; a third answers for both."""
    count = (
        "from swf_remote.edge import metrics; from swf_remote.edge.problem import Problem;"
        "from swf_remote.edge.exposition import exposition;"
        "metrics.problem_told(Problem(403, 'counted', '', '')); print(exposition().decode())"
    )
    environment = os.environ | {FOLDER: str(tmp_path)}
    for expected in (1, 2):
        done = subprocess.run(
            [sys.executable, "-c", count], env=environment, capture_output=True, text=True, check=True, timeout=60
        )
        assert figures(done.stdout)["swf_remote_refusals_total[('kind', 'counted')]"] == expected
