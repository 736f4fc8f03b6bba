"""Versions of alarms and teams: listed, compared, restored."""

from collections.abc import Mapping

import pytest
from django.test import Client

from swf_remote.alarms.configuring import save_alarm, save_team
from swf_remote.alarms.models import Alarm, AlarmVersion, Team, TeamVersion
from tests.remote.alarms.editing.conftest import NOW
from tests.remote.web.pages import assert_well_made

VERSIONS = "/prod/alarms/failing_tasks/versions/"


@pytest.fixture
def changed(alarm: Alarm) -> Alarm:
    alarm.description, alarm.parameters = "first line\nsecond line", {"threshold": 0.25}
    save_alarm(alarm, "root", NOW, comment="less noise")
    return alarm


def test_the_list_compares_the_last_two_at_once(clients: Mapping[str, Client], changed: Alarm) -> None:
    html = clients["owner"].get(VERSIONS).content.decode()
    assert_well_made(html)
    assert "less noise" in html and "From version 1 to version 2" in html
    assert '<del><span class="sign">-</span>   threshold: 0.05</del>' in html
    assert '<ins><span class="sign">+</span>   threshold: 0.25</ins>' in html


def test_any_two_can_be_compared_either_way_round(clients: Mapping[str, Client], changed: Alarm) -> None:
    html = clients["owner"].get(VERSIONS, {"from": "2", "to": "1"}).content.decode()
    assert "From version 2 to version 1" in html
    assert '<ins><span class="sign">+</span>   threshold: 0.05</ins>' in html


@pytest.mark.parametrize("query", [{"from": "77", "to": "x"}, {"from": "", "to": "9" * 30}, {"from": "-1"}])
def test_versions_that_are_not_there_are_passed_over(
    clients: Mapping[str, Client], changed: Alarm, query: dict[str, str]
) -> None:
    assert "From version 1 to version 2" in clients["owner"].get(VERSIONS, query).content.decode()


def test_one_version_is_shown_whole_at_todays_address(clients: Mapping[str, Client], changed: Alarm) -> None:
    html = clients["owner"].get(f"{VERSIONS}1/").content.decode()
    assert_well_made(html)
    assert "threshold: 0.05" in html and f"{VERSIONS}1/restore/" in html
    assert "restore" not in clients["owner"].get(f"{VERSIONS}2/").content.decode()
    assert clients["owner"].get(f"{VERSIONS}9/").status_code == 404


def test_others_see_the_host_of_a_webhook_and_not_its_key(clients: Mapping[str, Client], changed: Alarm) -> None:
    html = clients["other"].get(f"{VERSIONS}1/").content.decode()
    assert "chat.lab.example" in html and "secret-key" not in html
    assert "restore" not in clients["other"].get(VERSIONS).content.decode()


def test_restoring_makes_a_new_version_like_the_old_one(clients: Mapping[str, Client], changed: Alarm) -> None:
    response = clients["owner"].post(f"{VERSIONS}1/restore/")
    assert response["Location"] == "/prod/alarms/failing_tasks/edit/?saved=3"
    first, third = AlarmVersion.objects.get(number=1), AlarmVersion.objects.get(number=3)
    assert first.content == third.content and third.comment == "version 1 again"
    assert clients["owner"].post(f"{VERSIONS}1/restore/")["Location"].endswith("?saved=0")


def test_a_version_that_is_not_valid_any_more_says_what_to_do(clients: Mapping[str, Client], changed: Alarm) -> None:
    AlarmVersion.objects.filter(number=1).update(content={"title": "T", "detector": "gone"})
    response = clients["owner"].post(f"{VERSIONS}1/restore/", HTTP_ACCEPT="text/html")
    assert response.status_code == 422
    assert "This version cannot be used any more" in response.content.decode()
    changed.refresh_from_db()
    assert changed.version == 2
    assert clients["owner"].post(f"{VERSIONS}9/restore/").status_code == 422


def test_teams_have_versions_too(clients: Mapping[str, Client], team: Team) -> None:
    team.members, team.rotation_days, team.rotation_begins = "c@lab.example", 7, "2026-11-30 08:00"
    save_team(team, "root", NOW)
    html = clients["other"].get("/prod/alarms/teams/@prodops/versions/").content.decode()
    assert_well_made(html)
    assert "members: c@lab.example" in html and "rotation_days: 7" in html
    response = clients["staff"].post("/prod/alarms/teams/@prodops/versions/1/restore/")
    assert response["Location"] == "/prod/alarms/teams/@prodops/edit/?saved=3"
    team.refresh_from_db()
    assert (team.rotation_days, team.rotation_begins) == (0, "")
    assert team.members == "a@lab.example, b@lab.example" and TeamVersion.objects.count() == 3
