"""The link status page and the health endpoints, through Django, without touching the network."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.test import Client

from swf_remote.configuration import configuration
from swf_remote.proxy import link
from swf_remote.proxy.link import LinkRecord, Observation, Place, Proof
from tests.remote.web.pages import assert_well_made

OK = Observation(None, "", 12.0)
NO_TUNNEL = Observation(Place.TUNNEL, "The SSH tunnel is down: its entrance refuses <connections>.")


class Clock:
    """Now, or some time ago."""

    behind = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) - self.behind


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def record(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> LinkRecord:
    found = LinkRecord(clock=clock)
    monkeypatch.setattr(link._Installed, "record", found)
    return found


@pytest.mark.parametrize("seen", [OK, NO_TUNNEL, Observation(Place.DATA, "feed silent", 3.0), None])
def test_the_page_is_well_made_in_every_state(client: Client, record: LinkRecord, seen: Observation | None) -> None:
    if seen:
        record.note(seen)
    page = assert_well_made(client.get("/prod/status/").content.decode())
    assert page.title.startswith(page.heading)


def test_a_broken_tunnel_is_named_with_its_begin(client: Client, record: LinkRecord, clock: Clock) -> None:
    clock.behind = timedelta(minutes=22, seconds=5)
    begin = clock()
    record.note(OK)
    record.note(NO_TUNNEL)
    html = client.get("/prod/status/").content.decode()
    assert "down for 22 min" in html
    assert f"{begin:%Y-%m-%d %H:%M} UTC</time> (22 min ago)" in html
    assert "refuses &lt;connections&gt;" in html
    assert "<strong>lasts</strong>" in html


def test_a_closed_incident_is_listed_from_and_to(client: Client, record: LinkRecord, clock: Clock) -> None:
    clock.behind = timedelta(hours=2)
    record.note(NO_TUNNEL)
    clock.behind = timedelta(hours=1)
    record.note(OK)
    html = client.get("/prod/status/").content.decode()
    assert "1 incident in the last 24 hours, 1 h in all." in html
    assert "<strong>lasts</strong>" not in html


def test_the_page_needs_no_database(client: Client, record: LinkRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(connection, "ensure_connection", refuse)
    client.cookies["sessionid_prod"] = "a" * 32
    assert client.get("/prod/status/").status_code == 200


@pytest.mark.parametrize("ask", [{"HTTP_ACCEPT": "application/json"}, {"QUERY_STRING": "format=json"}])
def test_programs_get_json(client: Client, record: LinkRecord, ask: dict[str, str]) -> None:
    record.note(NO_TUNNEL)
    response = client.get("/prod/status/", **ask)  # type: ignore[arg-type]
    told = response.json()
    assert response["Content-Type"] == "application/json"
    assert told["status"] == "down"
    assert [part["state"] for part in told["parts"]] == ["ok", "ok", "broken", "unknown", "unknown"]
    assert told["incidents"][0]["what"] == "tunnel" and told["incidents"][0]["end"] is None
    assert told["gateway"].keys() == {"version", "started"}
    assert datetime.fromisoformat(told["since"]).tzinfo is not None


@pytest.mark.parametrize("accept", ["*/*", "", "text/html,*/*;q=0.8"])
def test_everybody_else_gets_the_page(client: Client, record: LinkRecord, accept: str) -> None:
    response = client.get("/prod/status/", HTTP_ACCEPT=accept)
    assert response["Content-Type"].startswith("text/html")
    assert "Accept" in response["Vary"]


def test_the_script_gets_the_changing_part_alone(client: Client, record: LinkRecord) -> None:
    record.note(OK)
    part = client.get("/prod/status/", {"part": "live"}).content.decode()
    assert part.startswith('<div data-health="up"')
    assert "<html" not in part
    assert "<h1>Link to the laboratory: up</h1>" in part


def test_the_page_is_right_without_scripts(client: Client, record: LinkRecord) -> None:
    page = assert_well_made(client.get("/prod/status/").content.decode())
    buttons = [attrs for attrs in page.all("button") if "data-with-script" in attrs]
    assert buttons and all("hidden" in attrs for attrs in buttons)
    assert "/prod/status/" in page.links, "a link to load it again"


@pytest.mark.parametrize(
    ("proof", "words", "loud"),
    [
        (Proof.AUTHORITY, "checked by its authority and name", False),
        (Proof.PIN, "checked by its pinned key", False),
        (Proof.NONE, "NOT CHECKED", True),
    ],
)
def test_the_page_says_how_the_monitor_proves_who_it_is(
    client: Client, monkeypatch: pytest.MonkeyPatch, clock: Clock, proof: Proof, words: str, loud: bool
) -> None:
    monkeypatch.setattr(link._Installed, "record", LinkRecord(clock=clock, proof=proof))
    html = client.get("/prod/status/").content.decode()
    assert words in html
    assert ("<strong>NOT CHECKED" in html) is loud
    assert client.get("/prod/status/", {"format": "json"}).json()["certificate"] == proof


@pytest.mark.parametrize(("file", "words"), [(None, "without a signature"), ("key.pem", "signed for the monitor")])
def test_the_page_says_whether_names_are_signed(
    client: Client, record: LinkRecord, monkeypatch: pytest.MonkeyPatch, file: str | None, words: str
) -> None:
    monkeypatch.setattr(configuration(), "monitor_jwt_key_file", Path(file) if file else None)
    assert words in client.get("/prod/status/").content.decode()


@pytest.mark.django_db
def test_the_state_is_never_stored(client: Client, record: LinkRecord) -> None:
    for path in ("/prod/status/", "/prod/healthz", "/prod/readyz"):
        assert "no-store" in client.get(path)["Cache-Control"]


# ----- machines


def test_healthz_only_says_that_the_process_lives(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(connection, "ensure_connection", refuse)
    response = client.get("/prod/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_readyz_waits_for_the_first_look_at_the_link(client: Client, record: LinkRecord) -> None:
    response = client.get("/prod/readyz")
    assert response.status_code == 503
    assert response.json()["parts"] == {"database": "ok", "link": "not looked at yet"}
    record.note(OK)
    response = client.get("/prod/readyz")
    assert (response.status_code, response.json()) == (
        200,
        {"status": "ready", "parts": {"database": "ok", "link": "ok"}},
    )


@pytest.mark.django_db
def test_a_broken_link_is_told_but_readers_can_still_come(client: Client, record: LinkRecord) -> None:
    record.note(NO_TUNNEL)
    response = client.get("/prod/readyz")
    assert (response.status_code, response.json()["parts"]["link"]) == (200, "tunnel")


def test_readyz_fails_without_the_database(client: Client, record: LinkRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OperationalError("gone")

    record.note(OK)
    monkeypatch.setattr(connection, "ensure_connection", refuse)
    response = client.get("/prod/readyz")
    assert (response.status_code, response.json()["parts"]["database"]) == (503, "failed")


@pytest.mark.parametrize("path", ["/prod/status/", "/prod/healthz", "/prod/readyz"])
def test_nothing_can_be_written(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


@pytest.mark.parametrize("path", ["/prod/status/", "/prod/healthz"])
def test_head_is_answered_like_get(client: Client, record: LinkRecord, path: str) -> None:
    assert client.head(path).status_code == 200
