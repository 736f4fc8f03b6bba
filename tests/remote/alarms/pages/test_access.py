"""Who sees what, and who may do what: anyone reads, signed-in users act and see addresses and messages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import CharField, JSONField, Model, TextField
from django.test import Client
from django.utils import timezone

from swf_remote.alarms import models
from swf_remote.alarms.models import Change, Delivery, Evaluation, Event, Silence, State, Tick
from tests.remote.alarms.pages.scenes import PAGE, addresses, minutes, reader, url, world
from tests.remote.web.pages import Page

pytestmark = pytest.mark.django_db
PLANTED = "jane.doe@private.example"
_ADDRESS = re.compile(r"[\w.+-]+(@|%40|&#x?4?0?6?4;)[\w-]+\.\w+")
_KEPT = {
    "id",
    "name",
    "state",
    "severity",
    "detector",
    "outcome",
    "channel",
    "fingerprint",
    "matchers",
    "schedule",
    "what",
}


def plant(row: Model) -> None:
    """An address in every text of the row that pages do not look things up by."""
    for field in row._meta.fields:
        if field.name in _KEPT or field.is_relation:
            continue
        if isinstance(field, JSONField):
            value = getattr(row, field.name)
            if isinstance(value, dict):
                setattr(row, field.name, value | {"who": f"mail {PLANTED} now", "recipients": [PLANTED]})
        elif isinstance(field, CharField | TextField):
            setattr(row, field.name, f"{getattr(row, field.name)} {PLANTED}")
    row.save()


@pytest.fixture
def found() -> dict[str, Any]:
    """A world in which every text names somebody."""
    made = world()
    of = made["alarm"]
    Event.objects.filter(pk=made["events"]["resolved"].pk).update(imported={"subject": PLANTED, "recipients": ["x"]})
    Evaluation.objects.update(report={"bundle_subject": PLANTED, "recipients": [PLANTED]})
    Silence.objects.create(
        matchers=f'user="{PLANTED}"',
        reason="x",
        starts_at=timezone.now(),
        ends_at=timezone.now() + minutes(60),
        created_by="x",
    )
    for kind in (models.Alarm, models.Team, Event, Change, Evaluation, Tick, Delivery, Silence):
        for row in kind.objects.all():
            plant(row)
    Event.objects.filter(pk=made["events"]["firing"].pk).update(
        fingerprint=f"user:{PLANTED}", links=[[PLANTED, f"panda/jobs/?username={PLANTED}"]]
    )
    of.refresh_from_db()
    return made


def crawl(client: Client, found: dict[str, Any]) -> dict[str, str]:
    """Every page that this reader can get to by links, from the addresses that are known; files for git apart."""
    waiting, pages = [url(path) for path in addresses(found)], dict[str, str]()
    while waiting:
        path = waiting.pop().split("#")[0]
        if path in pages or not path.startswith("/prod/alarms/") or "members=1" in path or len(pages) > 150:
            continue
        response = client.get(path, **PAGE)
        pages[path] = response.content.decode() if response.status_code == 200 else ""
        if response["Content-Type"].startswith("text/html") and "part=" not in path:
            links = Page(pages[path]).links if pages[path] else []
            base = path.split("?")[0]
            waiting += [base + link if link.startswith("?") else link for link in links]
    return pages


def test_an_open_reader_sees_no_address_on_any_page(client: Client, found: dict[str, Any]) -> None:
    pages = crawl(client, found)
    assert len(pages) > 25
    for path, html in pages.items():
        assert not _ADDRESS.search(html), (path, _ADDRESS.search(html))
        assert "chat.example" not in html and "hooks/secret" not in html, path


def test_the_crawl_would_find_an_address(found: dict[str, Any]) -> None:
    """The same pages do name addresses to somebody who is signed in."""
    pages = crawl(reader(), found)
    assert sum(bool(_ADDRESS.search(html)) for html in pages.values()) > 15


def test_an_open_reader_sees_no_message(client: Client, found: dict[str, Any]) -> None:
    message = Delivery.objects.get()
    for path, html in crawl(client, found).items():
        assert message.pk not in html, path
    for path in ("deliveries/", f"deliveries/{message.pk}/", "mails/x.eml/"):
        response = client.get(url(path), **PAGE)
        assert response.status_code == 302
        assert response["Location"].startswith("/prod/accounts/login/?next=/prod/alarms/")


def test_webhooks_are_told_by_their_host_alone_to_signed_in_users_too(found: dict[str, Any]) -> None:
    for path, html in crawl(reader(staff=True), found).items():
        if not any(word in path for word in ("/export/", "/edit/", "/versions/", "/new/")):
            assert "hooks/secret" not in html, path


@pytest.mark.parametrize("action", ["acknowledge", "withdraw", "assign", "note"])
def test_an_open_reader_changes_nothing_about_an_event(client: Client, action: str) -> None:
    key = world()["events"]["firing"].pk
    before = Event.objects.filter(pk=key).values().get()
    response = client.post(url(f"events/{key}/{action}/"), {"note": "x", "assignee": "x"}, **PAGE)
    assert response.status_code == 401
    assert "Nothing was changed." in response.content.decode()
    assert Event.objects.filter(pk=key).values().get() == before
    assert not Change.objects.filter(event=key, by__gt="").exists()


def test_an_open_reader_makes_and_ends_no_silence_and_sends_nothing_again(client: Client) -> None:
    found, silence = world(), Silence.objects.get()
    wanted = {"matchers": "task=1", "reason": "x", "hours": "4"}
    assert client.post(url("silences/"), wanted, **PAGE).status_code == 401
    assert client.post(url(f"silences/{silence.pk}/end/"), **PAGE).status_code == 401
    assert client.post(url(f"deliveries/{found['message'].pk}/again/"), **PAGE).status_code == 401
    assert Silence.objects.get().ends_at == silence.ends_at
    assert Delivery.objects.get().outcome == found["message"].outcome


def test_a_program_without_a_session_is_told_the_same_as_json(client: Client) -> None:
    key = world()["events"]["firing"].pk
    response = client.post(url(f"events/{key}/acknowledge/"), headers={"accept": "application/json"})
    assert (response.status_code, response.json()["kind"]) == (401, "log-in-first")


def test_open_readers_are_offered_no_forms_that_they_cannot_use(client: Client) -> None:
    found = world()
    for path in ("", f"events/{found['events']['firing'].pk}/", "silences/", f"{found['alarm'].name}/"):
        assert 'method="post"' not in client.get(url(path), **PAGE).content.decode(), path


def test_an_account_that_was_closed_is_an_open_reader(client: Client) -> None:
    found = world()
    closed = reader("bob")
    User.objects.filter(username="bob").update(is_active=False)
    assert closed.get(url("deliveries/"), **PAGE).status_code == 302
    assert "shift@example.org" not in closed.get(url(f"{found['alarm'].name}/"), **PAGE).content.decode()


def test_a_form_from_another_site_changes_nothing() -> None:
    key = world()["events"]["firing"].pk
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("alice"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(url(f"events/{key}/acknowledge/"), **PAGE).status_code == 403
    assert Event.objects.get(pk=key).state == State.FIRING


@pytest.mark.parametrize("path", ["", "events/", "runs/", "silences/"])
def test_pages_are_never_stored_and_differ_by_reader(client: Client, path: str) -> None:
    response = client.get(url(path), **PAGE)
    assert "no-store" in response["Cache-Control"]
    assert "Cookie" in response["Vary"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("post", "", 405), ("put", "silences/", 405), ("get", "events/1/acknowledge/", 405), ("post", "runs/", 405)],
)
def test_other_methods_are_refused(method: str, path: str, status: int) -> None:
    assert getattr(reader(), method)(url(path), **PAGE).status_code == status
