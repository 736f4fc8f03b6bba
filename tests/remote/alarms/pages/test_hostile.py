"""Texts of tasks, users and notes are data: shown as typed, never taken for markup, links of ours or formulas."""

from __future__ import annotations

import pytest
from django.test import Client

from swf_remote.alarms.models import Change, State
from tests.remote.alarms.pages.scenes import PAGE, addresses, event, reader, url, world
from tests.remote.web.pages import assert_well_made

pytestmark = pytest.mark.django_db
SCRIPT = "<script>alert(1)</script>"
TEXT = f"{SCRIPT}\"'&\N{RIGHT-TO-LEFT OVERRIDE}{{{{ title }}}}{{% now %}}"


def test_no_text_becomes_markup(client: Client) -> None:
    found = world()
    facts = {"labels": {SCRIPT: SCRIPT}, "values": {SCRIPT: SCRIPT, "metric": SCRIPT}, "imported": {SCRIPT: [SCRIPT]}}
    hostile = event(
        found["other"], 1, fingerprint=f"task:{SCRIPT}", subject=TEXT, detail=TEXT, resolution=SCRIPT,
        acknowledged_by=SCRIPT, assignee=SCRIPT, first_values={SCRIPT: SCRIPT}, links=[[SCRIPT, SCRIPT]], **facts,
    )  # fmt: skip
    Change.objects.create(event=hostile, at=hostile.first_seen, what="note", by=SCRIPT, text=SCRIPT)
    for name in ("title", "description", "recipients", "webhooks", "scope", "last_error", "detector"):
        setattr(found["other"], name, SCRIPT)
    found["other"].save()
    found["events"]["hostile"] = hostile
    paths = [*addresses(found), f"history/?task={SCRIPT}", f"events/?q={SCRIPT}", f"silences/?matchers={SCRIPT}"]
    for browser in (client, reader()):
        for path in paths:
            response = browser.get(url(path), **PAGE)
            assert response.status_code == 200, path
            if "csv" in path:
                continue
            html = response.content.decode()
            assert "<script>alert" not in html, path
            if "part=" not in path:
                assert_well_made(html)


@pytest.mark.parametrize(
    "path", ["//evil.example/x", "../../../admin/", "javascript:alert(1)", "https://evil.example/"]
)
def test_a_link_of_an_event_never_leaves_the_mount(client: Client, path: str) -> None:
    found = world()
    made = event(found["other"], 1, links=[["Look", path]])
    page = assert_well_made(client.get(url(f"events/{made.pk}/"), **PAGE).content.decode())
    assert all(link.startswith(("/prod/", "#")) and ".." not in link for link in page.links)


@pytest.mark.parametrize("links", [[["one"]], ["text"], [{"a": 1}], [[1, 2]], [None]])
def test_links_in_another_shape_do_no_harm(client: Client, links: list[object]) -> None:
    made = event(world()["other"], 1, links=links)
    for path in ("", f"events/{made.pk}/"):
        assert client.get(url(path), **PAGE).status_code == 200


@pytest.mark.parametrize("first", "=+-@")
def test_no_cell_of_a_csv_is_a_formula(client: Client, first: str) -> None:
    event(world()["other"], 1, State.FIRING, subject=f"{first}cmd|x")
    assert f",'{first}cmd|x," in client.get(url("events/?format=csv")).content.decode()


@pytest.mark.parametrize("goal", ["https://evil.example/", "//evil.example", "/prod/accounts/logout/", "javascript:x"])
def test_a_form_leads_back_to_pages_of_ours_alone(goal: str) -> None:
    key = world()["events"]["firing"].pk
    response = reader().post(url(f"events/{key}/note/"), {"note": "x", "next": goal}, **PAGE)
    assert (response.status_code, response["Location"]) == (303, f"/prod/alarms/events/{key}/#event-{key}")


@pytest.mark.parametrize(
    "path", ["events/?q=%00", "events/a%00b/", "history/?task=%00", "x/task/?key=%00", "mails/%00/"]
)
def test_a_character_that_no_database_keeps_is_refused_everywhere_alike(path: str) -> None:
    assert reader().get(url(path), **PAGE).status_code in (400, 404)


def test_a_note_with_such_a_character_is_refused() -> None:
    key = world()["events"]["firing"].pk
    assert reader().post(url(f"events/{key}/note/"), {"note": "a\0b"}, **PAGE).status_code == 400
