"""Who is told what: the public level for everybody, all of it for staff and holders of the token, 404 for others."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from swf_remote.configuration import configuration
from swf_remote.edge import metrics
from swf_remote.edge.figures import table
from swf_remote.operations import drift_watch
from swf_remote.operations.drift import Finding
from swf_remote.operations.drift_record import DriftRecord, DriftStore
from swf_remote.proxy import link
from swf_remote.proxy.capacity.breaker import BreakerState
from swf_remote.proxy.capacity.client import LaneState
from swf_remote.proxy.link import LinkRecord, Observation, utc_now
from swf_remote.status import parts
from tests.remote.status.hours import Counting
from tests.remote.web.pages import assert_well_made

TOKEN = "a-token-of-some-length"
BEARER = {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}"}
INSIDE = ("Lanes to the monitor", "Workers of this host", "Exposure table against the monitor")


@pytest.fixture(autouse=True)
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A link that is up, an hour with traffic, a token."""
    record = LinkRecord(clock=utc_now)
    record.note(Observation(None, "", 12.0, server="Apache/2.4.62"))
    monkeypatch.setattr(link._Installed, "record", record)
    monkeypatch.setattr(configuration(), "metrics_token", TOKEN)
    counting = Counting().step()
    counting.number = int(time.time()) // 10 - 2
    counting.samples.clear()
    counting.step().requests("hit", 75).requests("miss", 25, seconds=0.2).step()
    monkeypatch.setattr(parts, "_samples", lambda: (counting.samples, time.time()))
    parts._plots_part.cache_clear()
    yield
    parts._plots_part.cache_clear()


@pytest.fixture
def drift(monkeypatch: pytest.MonkeyPatch) -> DriftStore:
    store = DriftStore(None)
    monkeypatch.setattr(drift_watch, "drift_store", lambda: store)
    return store


@pytest.fixture
def staff(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_user("operator", is_staff=True))
    return client


@pytest.fixture
def reader(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("reader"))
    return client


def full(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/prod/status/?format=json", **BEARER).json()["full"]
    return found


def test_everybody_sees_link_percentiles_hit_ratio_and_plots(client: Client) -> None:
    page = assert_well_made(html := client.get("/prod/status/").content.decode())
    assert "75.0 % (75 of 100)" in html
    assert "under 5 ms" not in html and " ms · " in html
    assert len([one for one in page.all("svg") if one.get("class") == "plot-area"]) == 6
    assert all(
        one.get("aria-labelledby") and one.get("aria-describedby")
        for one in page.all("svg")
        if one.get("role") == "img" and one.get("class") == "plot-area"
    )
    assert not [words for words in INSIDE if words in html]
    assert str(os.getpid()) not in html


def test_the_hour_stands_in_a_table_too(client: Client) -> None:
    html = client.get("/prod/status/").content.decode()
    assert "The same as a table" in html
    assert '<td role="cell" data-label="Hit ratio">75.0 % (75 of 100)</td>' in html


def test_the_page_of_a_gateway_that_has_just_begun_is_whole(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_samples", lambda: ([], time.time()))
    html = client.get("/prod/status/").content.decode()
    assert_well_made(html)
    assert "The first figures come within 20 s" in html


def test_staff_see_all_of_it_and_may_look_at_the_public_page(staff: Client, drift: DriftStore) -> None:
    html = staff.get("/prod/status/").content.decode()
    assert_well_made(html)
    assert all(words in html for words in INSIDE)
    public = staff.get("/prod/status/?detail=public").content.decode()
    assert not [words for words in INSIDE if words in public]


def test_the_token_opens_all_of_it(client: Client) -> None:
    assert client.get("/prod/status/?detail=full", **BEARER).status_code == 200
    assert "full" in client.get("/prod/status/?format=json", **BEARER).json()


@pytest.mark.parametrize("target", ["detail=full", "detail=full&format=json", "part=inside", "detail=full&part=live"])
def test_for_others_the_full_page_does_not_exist(client: Client, reader: Client, target: str) -> None:
    for one in (client, reader):
        response = one.get(f"/prod/status/?{target}", HTTP_AUTHORIZATION="Bearer wrong")
        assert response.status_code == 404
        assert b"Lanes" not in response.content
    assert "full" not in reader.get("/prod/status/?format=json").json()


def test_a_level_that_does_not_exist_is_refused(client: Client) -> None:
    assert client.get("/prod/status/?detail=all").status_code == 400


def test_what_is_told_depends_on_who_asks_and_is_never_stored(client: Client) -> None:
    response = client.get("/prod/status/")
    assert {"Cookie", "Authorization", "Accept"} <= set(response["Vary"].split(", "))
    assert "no-store" in response["Cache-Control"]


def test_programs_get_the_figures_of_the_page(client: Client) -> None:
    told = client.get("/prod/status/?format=json").json()
    five = told["figures"]["last_5_minutes"]
    assert (five["requests"], five["hit_ratio"], five["cache"]["miss"]) == (100, 0.75, 25)
    assert five["first_byte_seconds"]["p50"] == pytest.approx(0.02, abs=0.005)
    assert told["hour"][0].keys() == five.keys()
    assert sum(row["requests"] for row in told["hour"]) == 100


def test_lanes_are_told_with_their_breakers(client: Client) -> None:
    for name, state in (("page", BreakerState.OPEN), ("data", BreakerState.CLOSED)):
        metrics.lane_is(LaneState(name, state, datetime.now(UTC), 3, 1, 80, None, None, None))
    page, data = full(client)["lanes"][:2]
    assert page["breakers"] == {"closed": 0, "half-open": 0, "open": 1}
    assert (page["running"], page["waiting"], page["limit"]) == (3, 1, 80)
    assert data["breakers"]["closed"] == 1
    html = client.get("/prod/status/", **BEARER).content.decode()
    assert 'class="bad"' in html and "open" in html


def test_workers_are_told_with_their_memory(client: Client) -> None:
    metrics.worker_is(os.getpid(), 1_800_000_000.0, 104_857_600)
    assert full(client)["workers"] == [
        {"pid": os.getpid(), "started": "2027-01-15T08:00:00Z", "resident_bytes": 104_857_600}
    ]
    assert "100 MiB" in client.get("/prod/status/", **BEARER).content.decode()


def test_a_process_that_only_watches_is_no_worker(client: Client) -> None:
    table().row[metrics.WORKER_PID.columns[()]] = 0
    assert full(client)["workers"] == []


def test_failures_are_told_by_kind(client: Client) -> None:
    before = full(client)["failures"].get("answer-aborted", 0)
    metrics.answer_aborted()
    assert full(client)["failures"]["answer-aborted"] == before + 1


def test_the_monitors_software_is_told_as_far_as_it_tells(client: Client, drift: DriftStore) -> None:
    assert full(client)["monitor"] == {"server": "Apache/2.4.62", "api_version": None}
    assert "not told" in client.get("/prod/status/", **BEARER).content.decode()
    drift.keep(DriftRecord(1_800_000_000.0, api_version="1.4.0"))
    assert full(client)["monitor"]["api_version"] == "1.4.0"


def test_drift_is_told_with_its_time(client: Client, drift: DriftStore) -> None:
    assert "not looked at yet" in client.get("/prod/status/", **BEARER).content.decode()
    drift.keep(DriftRecord(1_800_000_000.0, pages=18, findings=(Finding("NEW", "harvest/<b>/", "linked from panda/"),)))
    told = full(client)["drift"]
    assert (told["looked_at"], told["pages"]) == ("2027-01-15T08:00:00Z", 18)
    assert told["findings"] == [{"kind": "NEW", "path": "harvest/<b>/", "why": "linked from panda/"}]
    assert "harvest/&lt;b&gt;/" in client.get("/prod/status/", **BEARER).content.decode()


# ----- a look for drift on demand


class Asked:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> bool:
        self.times += 1
        return True


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    found = Asked()
    monkeypatch.setattr("swf_remote.status.views.ask_for_look", found)
    return found


def test_staff_have_the_monitor_looked_at_by_a_form_of_the_page(staff: Client, asked: Asked) -> None:
    response = staff.post("/prod/status/drift/")
    assert (response.status_code, response["Location"], asked.times) == (303, "/prod/status/#drift", 1)


def test_a_form_from_elsewhere_has_nothing_looked_at(staff: Client, asked: Asked) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = staff.cookies
    assert strict.post("/prod/status/drift/").status_code == 403
    assert asked.times == 0


def test_for_others_there_is_nothing_to_press(client: Client, reader: Client, asked: Asked) -> None:
    for one in (client, reader):
        assert one.post("/prod/status/drift/").status_code == 404
        assert one.get("/prod/status/drift/").status_code == 404
        one.get("/prod/status/")
    assert asked.times == 0


def test_reading_looks_at_nothing(staff: Client, asked: Asked) -> None:
    staff.get("/prod/status/")
    assert staff.get("/prod/status/drift/").status_code == 405
    assert asked.times == 0
