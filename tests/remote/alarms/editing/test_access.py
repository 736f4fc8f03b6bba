"""Who may open and send what: every address, every method, every kind of reader."""

from collections.abc import Mapping

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from swf_remote.alarms.editing import urls
from swf_remote.alarms.models import Alarm, AlarmVersion, Delivery, Team
from tests.remote.alarms.editing.conftest import client_of, posted
from tests.remote.web.pages import assert_well_made

LOG_IN, REFUSED, FINE, GONE, WRONG = "log in", 403, 200, 303, 405
PUBLIC = ("anonymous", "other", "owner", "staff")
# Name of the address: who may read it, who may send to it; empty: the method is not answered.
RULES: dict[str, tuple[str, str]] = {
    "alarm_new": ("signed in", "signed in"),
    "alarm_preview": ("", "signed in"),
    "alarm_backtest_typed": ("", "signed in"),
    "alarms_export": ("signed in", ""),
    "alarms_import": ("staff", "staff"),
    "teams": ("all", ""),
    "team_new": ("staff", "staff"),
    "team_edit": ("staff", "staff"),
    "team_delete": ("", "staff"),
    "team_versions": ("signed in", ""),
    "team_version": ("signed in", ""),
    "team_restore": ("", "staff"),
    "alarm_edit": ("editors", "editors"),
    "alarm_switch": ("", "editors"),
    "alarm_test": ("editors", "editors"),
    "alarm_backtest": ("editors", ""),
    "alarm_versions": ("signed in", ""),
    "alarm_version": ("signed in", ""),
    "alarm_restore": ("", "editors"),
}
MAY = {
    "all": {"anonymous", "other", "owner", "staff"},
    "signed in": {"other", "owner", "staff"},
    "editors": {"owner", "staff"},
    "staff": {"staff"},
}


def address(name: str) -> str:
    arguments: dict[str, object] = {}
    if name.startswith("team_") and name != "team_new":
        arguments["name"] = "@prodops"
    elif name.startswith("alarm_") and name not in ("alarm_new", "alarm_preview", "alarm_backtest_typed"):
        arguments["name"] = "failing_tasks"
    if name.endswith(("_version", "_restore")):
        arguments["number"] = 1
    return reverse(name, kwargs=arguments)


def state() -> list[object]:
    return [
        *AlarmVersion.objects.order_by("pk").values_list("content", flat=True),
        *Team.objects.values_list("name", "title", "members"),
        Delivery.objects.count(),
    ]


def test_every_address_has_a_rule() -> None:
    assert {pattern.name for pattern in urls.urlpatterns} == set(RULES)


@pytest.mark.parametrize("reader", PUBLIC)
@pytest.mark.parametrize("name", RULES)
def test_reading(clients: Mapping[str, Client], alarm: Alarm, team: Team, name: str, reader: str) -> None:
    response = clients[reader].get(address(name), HTTP_ACCEPT="text/html")
    if not RULES[name][0]:
        assert response.status_code == WRONG
    elif reader in MAY[RULES[name][0]]:
        assert response.status_code == FINE
        if response["Content-Type"].startswith("text/html"):
            assert_well_made(response.content.decode())
    elif reader == "anonymous":
        assert response.status_code == 302 and response["Location"].startswith(
            "/prod/accounts/login/?next=/prod/alarms/"
        )
    else:
        assert response.status_code == REFUSED
        assert_well_made(response.content.decode())


@pytest.mark.parametrize("reader", PUBLIC)
@pytest.mark.parametrize("name", RULES)
def test_sending(clients: Mapping[str, Client], alarm: Alarm, team: Team, name: str, reader: str) -> None:
    before = state()
    response = clients[reader].post(address(name), {"editing": "failing_tasks"}, HTTP_ACCEPT="text/html")
    allowed = RULES[name][1]
    if not allowed:
        assert response.status_code == WRONG
    elif reader in MAY[allowed]:
        if name in ("alarm_preview", "alarm_backtest_typed") and reader == "other":
            assert response.status_code == REFUSED, "what is somebody else's is not tried, either"
        else:
            assert response.status_code not in (401, 403, 405, 500)
        return
    else:
        assert response.status_code == (401 if reader == "anonymous" else REFUSED)
        assert "Nothing was changed." in response.content.decode()
    assert state() == before


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
@pytest.mark.parametrize("name", RULES)
def test_other_methods_are_answered_nowhere(
    clients: Mapping[str, Client], alarm: Alarm, team: Team, name: str, method: str
) -> None:
    response = getattr(clients["staff"], method)(address(name))
    assert response.status_code == WRONG and response["Allow"]


@pytest.mark.parametrize("name", [name for name, (_, sending) in RULES.items() if sending])
def test_nothing_is_taken_without_the_token_of_the_form(alarm: Alarm, team: Team, name: str) -> None:
    client = client_of(User.objects.create_user("boss", is_staff=True), enforce_csrf_checks=True)
    before = state()
    assert client.post(address(name), posted(alarm, title="Other")).status_code == 403
    assert state() == before


def test_an_alarm_that_is_not_there_is_a_404_page(clients: Mapping[str, Client], alarm: Alarm) -> None:
    for path in ("edit", "test", "backtest", "versions"):
        response = clients["staff"].get(f"/prod/alarms/nothing/{path}/", HTTP_ACCEPT="text/html")
        assert response.status_code == 404
        assert assert_well_made(response.content.decode()).heading == "There is no such alarm"


def test_an_account_that_was_closed_is_nobody(clients: Mapping[str, Client], alarm: Alarm) -> None:
    assert alarm.owner is not None
    alarm.owner.is_active = False
    alarm.owner.save()
    assert clients["owner"].get(address("alarm_edit")).status_code == 302


@pytest.mark.parametrize("reader", ["anonymous", "other"])
def test_open_pages_show_neither_addresses_nor_keys(
    clients: Mapping[str, Client], alarm: Alarm, team: Team, reader: str
) -> None:
    for name in ("teams", "alarm_versions", "alarm_version", "alarms_export"):
        text = clients[reader].get(address(name), {"members": "1"} if reader == "anonymous" else {}).content.decode()
        assert "secret-key" not in text
        if reader == "anonymous":
            assert "lab.example" not in text


def test_old_addresses_of_alarms_lead_to_the_new_name(clients: Mapping[str, Client], alarm: Alarm) -> None:
    response = clients["owner"].get("/prod/alarms/alarm_failing_tasks/edit/")
    assert response.status_code == 301
    assert response["Location"] == "/prod/alarms/failing_tasks/edit/"


def test_pages_are_never_kept(clients: Mapping[str, Client], alarm: Alarm) -> None:
    assert "no-store" in clients["owner"].get(address("alarm_edit"))["Cache-Control"]
