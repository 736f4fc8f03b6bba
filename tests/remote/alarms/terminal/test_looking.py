"""`list`, `test`, `backtest` and `events`: what there is, and what it would find."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.utils import timezone

from swf_remote.alarms.inputs.queries import InputError
from swf_remote.alarms.models import Delivery, Event, Outcome, State
from tests.remote.alarms.engine.rig import task
from tests.remote.alarms.rows import an_alarm, an_event
from tests.remote.alarms.terminal.typing import alarms

pytestmark = pytest.mark.django_db


@pytest.fixture
def monitor(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the monitor says of its tasks."""
    said: dict[str, Any] = {"tasks": (task(1, 90, timezone.now()), task(2, 10, timezone.now()))}

    class Asker:
        def ask(self, queries: Any, _now: object) -> dict[Any, Any]:
            return dict.fromkeys(queries, said["tasks"])

    monkeypatch.setattr("swf_remote.alarms.editing.looking._asker", Asker)
    return said


def test_the_list_tells_how_each_alarm_fares() -> None:
    an_event(an_alarm("failing", title="Failing tasks"), "task:1", {})
    told = alarms("list")
    assert told.code == 0
    row = next(line for line in told.text.splitlines() if line.startswith("failing "))
    assert row.split() == ["failing", "firing", "warning", "1", "0", "never", "Failing", "tasks"]
    found = {one["name"]: one for one in alarms("list", "--json").json}
    assert found["failing"]["events"]["firing"] == 1


def test_the_list_hides_what_opens_a_webhook() -> None:
    an_alarm("failing", webhooks="mattermost https://chat.example/hooks/secret")
    assert "secret" not in alarms("list", "--json").text


def test_archived_alarms_are_listed_apart() -> None:
    an_alarm("gone", archived=True)
    assert "gone" not in alarms("list").text
    assert "gone" in alarms("list", "--archived").text


def test_no_name_moves_the_terminals_cursor() -> None:
    an_event(an_alarm("failing"), "task:1", {}, subject="\x1b[2Jtask\r\nspoofed \u202e")
    told = alarms("events").text
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert len(told.splitlines()) == 2


@pytest.mark.parametrize(("threshold", "code", "words"), [(0.5, 1, "matches 1 now"), (0.95, 0, "matches 0 now")])
def test_a_test_says_what_matches_and_tells_nobody(
    monitor: dict[str, Any], threshold: float, code: int, words: str
) -> None:
    an_alarm("failing", parameters={"threshold": threshold}, recipients="a@epic.example")
    told = alarms("test", "failing")
    assert told.code == code
    assert words in told.text
    assert not Event.objects.exists()
    assert not Delivery.objects.exists()
    assert alarms("test", "failing", "--json").json["number"] == code


def test_a_test_without_an_answer_is_no_good_news(monitor: dict[str, Any]) -> None:
    monitor["tasks"] = InputError("the tunnel is down")
    an_alarm("failing")
    told = alarms("test", "failing")
    assert told.code == 2
    assert "the tunnel is down" in told.error


def test_a_test_may_send_a_message(monitor: dict[str, Any], settings: Any, tmp_path: Any, monkeypatch: Any) -> None:
    from swf_remote.configuration import configuration  # noqa: PLC0415

    monkeypatch.setattr(configuration(), "email_folder", tmp_path)
    an_alarm("failing", recipients="a@epic.example")
    told = alarms("test", "failing", "--send", "--by", "anna")
    assert "test by mail to a@epic.example: sent" in told.text
    assert Delivery.objects.get().outcome == Outcome.SENT
    assert len(list(tmp_path.iterdir())) == 1


def test_a_test_for_nobody_is_told(monitor: dict[str, Any]) -> None:
    an_alarm("failing")
    told = alarms("test", "failing", "--send")
    assert (told.code, "names nobody" in told.error) == (2, True)


@pytest.mark.parametrize("words", [("test", "none"), ("backtest", "none")])
def test_an_alarm_that_is_not_there_is_told(words: tuple[str, ...]) -> None:
    told = alarms(*words)
    assert told.code == 2
    assert "no alarm 'none'" in told.error


def test_an_alarm_that_is_not_valid_cannot_be_tried() -> None:
    an_alarm("failing", parameters={})
    assert alarms("test", "failing").code == alarms("backtest", "failing").code == 2


def test_a_backtest_says_when_there_is_nothing_to_try_on() -> None:
    an_alarm("failing")
    told = alarms("backtest", "failing", "--days", "3")
    assert told.code == 1
    assert "No ticks are kept" in told.text
    assert alarms("backtest", "failing", "--json").json["sees_since"] is None


@pytest.mark.parametrize("days", ["0", "31"])
def test_a_backtest_goes_back_thirty_days_at_most(days: str) -> None:
    an_alarm("failing")
    assert alarms("backtest", "failing", "--days", days).code == 2


def test_events_are_chosen_as_on_the_pages() -> None:
    alarm = an_alarm("failing")
    one = an_event(alarm, "task:1", {}, at=timezone.now())
    an_event(alarm, "task:2", {}, at=timezone.now() - timedelta(hours=1), state=State.RESOLVED)
    assert [event["id"] for event in alarms("events", "--state", "firing", "--json").json] == [one.pk]
    assert [event["id"] for event in alarms("events", "--task", "1", "--json").json] == [one.pk]
    assert len(alarms("events", "--json").json) == 2
    assert alarms("events", "--hours", "0").code == 2
    assert alarms("events", "--task", "1", "--site", "2").code == 2
    assert "no such events" in alarms("events", "--task", "9").text


def test_a_database_that_cannot_be_used_is_one_line_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OperationalError("no such table: alarms_alarm")

    monkeypatch.setattr(connection, "cursor", refuse)
    with pytest.raises(CommandError, match=r"no such table: alarms_alarm\. Is `swf-remote migrate` done\?"):
        call_command("alarms", "list")
