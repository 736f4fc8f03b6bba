"""Teams: made, changed, and deleted once nobody needs them."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from swf_remote.alarms.configuring import save_team
from swf_remote.alarms.models import Alarm, Team
from tests.remote.alarms.editing.conftest import NOW
from tests.remote.web.pages import assert_well_made

TEAMS = "/prod/alarms/teams/"
EDIT = "/prod/alarms/teams/@prodops/edit/"


def test_everybody_sees_the_teams_and_signed_in_readers_who_is_in_them(
    clients: Mapping[str, Client], team: Team
) -> None:
    Team.objects.update(title="Ask boss@lab.example")
    open_page = clients["anonymous"].get(TEAMS).content.decode()
    assert "@prodops" in open_page and ">2<" in open_page and "lab.example" not in open_page
    assert "a@lab.example" in clients["other"].get(TEAMS).content.decode()


@pytest.mark.parametrize("name", ["@night", "night"])
def test_staff_makes_a_team(clients: Mapping[str, Client], name: str) -> None:
    response = clients["staff"].post(f"{TEAMS}new/", {"name": name, "title": "Night", "members": "n@lab.example"})
    assert response["Location"] == "/prod/alarms/teams/@night/edit/?saved=1"
    assert Team.objects.get().members == "n@lab.example"


@pytest.mark.parametrize("name", ["", "@", "@a b", "@prodops"])
def test_a_name_that_is_bad_or_taken_is_refused(clients: Mapping[str, Client], team: Team, name: str) -> None:
    response = clients["staff"].post(f"{TEAMS}new/", {"name": name, "members": "kept@lab.example"})
    assert response.status_code == 422
    html = response.content.decode()
    assert "#f-name" in assert_well_made(html).links
    assert "kept@lab.example" in html


def test_members_that_are_no_addresses_are_told(clients: Mapping[str, Client], team: Team) -> None:
    clients["staff"].post(EDIT, {"version": "1", "title": "T", "members": "a@lab.example\r\nnobody, @other"})
    html = clients["staff"].get(EDIT).content.decode()
    assert_well_made(html)
    assert "nobody: is no e-mail address" in html and "1 member " in html


def test_a_title_that_is_too_long_is_refused_and_stays(clients: Mapping[str, Client], team: Team) -> None:
    response = clients["staff"].post(EDIT, {"version": "1", "title": "x" * 256, "members": ""})
    assert response.status_code == 422 and "x" * 256 in response.content.decode()


def test_when_somebody_else_saved_meanwhile_both_are_shown(clients: Mapping[str, Client], team: Team) -> None:
    team.members = "theirs@lab.example"
    save_team(team, "carol", NOW)
    form = {"version": "1", "title": "Production operators", "members": "mine@lab.example"}
    response = clients["staff"].post(EDIT, form)
    html = response.content.decode()
    assert response.status_code == 409
    assert "carol" in html and "theirs@lab.example" in html and "mine@lab.example" in html
    team.refresh_from_db()
    assert team.members == "theirs@lab.example"
    assert clients["staff"].post(EDIT, form | {"version": "2"}).status_code == 303


def test_a_team_that_an_alarm_tells_stays(clients: Mapping[str, Client], alarm: Alarm, team: Team) -> None:
    html = clients["staff"].get(EDIT).content.decode()
    assert "Failing tasks" in html and "Delete the team" not in html
    response = clients["staff"].post("/prod/alarms/teams/@prodops/delete/", HTTP_ACCEPT="text/html")
    assert response.status_code == 409 and "failing_tasks" in response.content.decode()
    assert Team.objects.exists()


def test_a_team_whose_name_begins_another_is_not_taken_for_it(
    clients: Mapping[str, Client], alarm: Alarm, team: Team
) -> None:
    Alarm.objects.update(recipients="@prodops-night, x@prodops")
    response = clients["staff"].post("/prod/alarms/teams/@prodops/delete/")
    assert response["Location"] == f"{TEAMS}?gone=1"
    assert not Team.objects.exists()


@pytest.mark.parametrize("name", ["@nobody", "a%00b", "%2e%2e"])
def test_a_team_that_is_not_there_is_a_404_page(clients: Mapping[str, Client], name: str) -> None:
    assert clients["staff"].get(f"/prod/alarms/teams/{name}/edit/").status_code == 404


def test_a_rotation_is_saved_and_signed_in_readers_see_who_is_on_duty(
    clients: Mapping[str, Client], team: Team
) -> None:
    first = timezone.now() - timedelta(days=8)
    begins = f"{first:%Y-%m-%d %H:%M}"
    form = {"version": "1", "title": "T", "members": team.members, "rotation_days": "7", "rotation_begins": begins}
    response = clients["staff"].post(EDIT, form)
    assert response["Location"].endswith("?saved=2")
    team.refresh_from_db()
    assert (team.rotation_days, team.rotation_begins) == (7, begins)
    until = f"{first + timedelta(days=14):%Y-%m-%d %H:%M} UTC"
    for reader, path in (("staff", EDIT), ("other", TEAMS)):
        html = clients[reader].get(path).content.decode()
        assert_well_made(html)
        said = html.partition("On duty: <bdi>b@lab.example</bdi> until ")[2].partition("</bdi>")[0]
        assert until in said and said.endswith("then <bdi>a@lab.example")
    assert "On duty" not in clients["anonymous"].get(TEAMS).content.decode()


@pytest.mark.parametrize(
    ("days", "begins", "field"),
    [
        ("seven", "2026-11-30 08:00", "rotation_days"),
        ("-1", "2026-11-30 08:00", "rotation_days"),
        ("367", "2026-11-30 08:00", "rotation_days"),
        ("7", "monday", "rotation_begins"),
        ("7", "", "rotation_begins"),
        ("0", "monday", "rotation_begins"),
    ],
)
def test_a_rotation_that_cannot_be_is_refused_beside_its_field(
    clients: Mapping[str, Client], team: Team, days: str, begins: str, field: str
) -> None:
    form = {"version": "1", "title": "T", "members": "", "rotation_days": days, "rotation_begins": begins}
    response = clients["staff"].post(EDIT, form)
    html = response.content.decode()
    assert response.status_code == 422
    assert f"#f-{field}" in assert_well_made(html).links
    assert f'value="{days}"' in html
    team.refresh_from_db()
    assert (team.version, team.rotation_days) == (1, 0)


@pytest.mark.parametrize("field", ["recipients", "escalate_to"])
@pytest.mark.parametrize("word", ["@prodops", "@prodops/oncall"])
def test_a_team_that_an_alarm_names_in_any_way_stays(
    clients: Mapping[str, Client], alarm: Alarm, team: Team, field: str, word: str
) -> None:
    Alarm.objects.update(**({"recipients": "", "escalate_to": ""} | {field: word}))
    response = clients["staff"].post("/prod/alarms/teams/@prodops/delete/", HTTP_ACCEPT="text/html")
    assert response.status_code == 409
    assert Team.objects.exists()
