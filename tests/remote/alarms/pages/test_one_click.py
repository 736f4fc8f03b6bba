"""Acknowledging by a link in a mail: opening it changes nothing, its button acknowledges one event as one recipient."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.test import Client

from swf_remote.alarms import acknowledge_links
from swf_remote.alarms.acknowledge_links import Permit, link_for, read_token
from swf_remote.alarms.models import Change, Event, State
from tests.remote.alarms.pages.scenes import PAGE, alarm, event, reader
from tests.remote.web.pages import assert_well_made

pytestmark = pytest.mark.django_db
PUBLIC = "https://monitor.example"
RECIPIENT = "shift@example.org"


def path_for(made: Event, recipient: str = RECIPIENT) -> str:
    return link_for(made.pk, recipient, f"{PUBLIC}/prod/").removeprefix(PUBLIC)


def test_opening_the_link_changes_nothing_however_often(client: Client) -> None:
    made = event(alarm())
    for method in (client.get, client.head, client.get):
        assert method(path_for(made), **PAGE).status_code == 200
    made.refresh_from_db()
    assert made.state == State.FIRING
    assert not Change.objects.filter(what="acknowledged").exists()


def test_its_page_has_one_button_and_no_address(client: Client) -> None:
    html = client.get(path_for(event(alarm())), **PAGE).content.decode()
    page = assert_well_made(html)
    assert [attrs.get("method") for attrs in page.all("form")] == ["post"]
    assert "@example.org" not in html


def test_the_button_works_without_cookies_and_acknowledges_as_the_recipient() -> None:
    made = event(alarm())
    client = Client(enforce_csrf_checks=True)
    response = client.post(path_for(made), **PAGE)
    assert (response.status_code, response["Location"]) == (303, path_for(made))
    made.refresh_from_db()
    assert (made.state, made.acknowledged_by) == (State.ACKNOWLEDGED, RECIPIENT)
    assert Change.objects.get(what="acknowledged").text == "By the link in a message."


def test_a_recipient_who_has_an_account_is_named_by_it(client: Client) -> None:
    made = event(alarm())
    User.objects.create_user("k.l", email=RECIPIENT.upper())
    client.post(path_for(made), **PAGE)
    made.refresh_from_db()
    assert made.acknowledged_by == "k.l"


def test_who_acknowledged_is_no_address_for_open_readers(client: Client) -> None:
    made = event(alarm())
    client.post(path_for(made), **PAGE)
    address = f"/prod/alarms/events/{made.pk}/"
    assert RECIPIENT not in client.get(address, **PAGE).content.decode()
    assert RECIPIENT in reader().get(address, **PAGE).content.decode()


def test_a_link_for_nobody_in_particular_says_so(client: Client) -> None:
    made = event(alarm())
    client.post(path_for(made, ""), **PAGE)
    made.refresh_from_db()
    assert made.acknowledged_by == "a mail recipient"


@pytest.mark.parametrize(
    ("state", "words"),
    [(State.RESOLVED, "It is over"), (State.PENDING, "It does not fire yet"), (State.ACKNOWLEDGED, "Acknowledged by")],
)
def test_what_does_not_fire_offers_no_button(client: Client, state: State, words: str) -> None:
    html = client.get(path_for(event(alarm(), state=state)), **PAGE).content.decode()
    assert words in html and "<form" not in html


def test_pressing_the_button_of_what_is_over_says_so(client: Client) -> None:
    made = event(alarm(), state=State.RESOLVED)
    response = client.post(path_for(made), **PAGE)
    assert response.status_code == 409
    assert "Nothing was changed" in response.content.decode()


def test_an_expired_link_says_so_and_does_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    made = event(alarm())
    path = path_for(made)
    monkeypatch.setattr(acknowledge_links, "HOLDS", timedelta(seconds=-1))
    response = client.post(path, **PAGE)
    assert response.status_code == 410
    assert assert_well_made(response.content.decode()).heading == "This link has expired"
    made.refresh_from_db()
    assert made.state == State.FIRING


def test_a_link_holds_for_seven_days() -> None:
    assert timedelta(days=7) == acknowledge_links.HOLDS


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t + "x", lambda t: t.swapcase(), lambda _: "x" * 5000])
def test_a_token_that_was_changed_is_worth_nothing(client: Client, change: object) -> None:
    made = event(alarm())
    token = path_for(made).split("/")[-2]
    response = client.post(f"/prod/alarms/acknowledge/{change(token)}/", **PAGE)  # type: ignore[operator]
    assert response.status_code == 404
    made.refresh_from_db()
    assert made.state == State.FIRING


def test_a_token_of_another_kind_is_worth_nothing() -> None:
    assert read_token(signing.dumps(["1", "x"], salt="another")) is None
    assert read_token(signing.dumps({"a": 1}, salt=acknowledge_links.SALT)) is None
    assert read_token(path_for(event(alarm(), 1)).split("/")[-2]) == Permit(Event.objects.get().pk, RECIPIENT)


def test_the_link_of_an_event_that_is_gone_is_a_404_page(client: Client) -> None:
    made = event(alarm())
    path = path_for(made)
    made.delete()
    assert client.get(path, **PAGE).status_code == client.post(path, **PAGE).status_code == 404
