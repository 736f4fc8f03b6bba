"""The editor: making, changing, copying and switching alarms; faults stand beside their fields; nothing is lost."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from swf_remote.alarms.configuring import save_alarm
from swf_remote.alarms.detecting.registry import all_detectors
from swf_remote.alarms.models import Alarm, AlarmVersion, Event, State
from swf_remote.configuration import configuration
from tests.remote.alarms.editing.conftest import NOW, posted
from tests.remote.web.pages import Page, assert_well_made

NEW = "/prod/alarms/new/"
EDIT = "/prod/alarms/failing_tasks/edit/"
SWITCH = "/prod/alarms/failing_tasks/switch/"


def inputs(page: Page) -> dict[str | None, dict[str, str | None]]:
    return {
        attrs.get("id"): attrs
        for tag in ("input", "select", "textarea")
        for attrs in page.all(tag)
        if (attrs.get("id") or "").startswith("f-")
    }


@pytest.mark.parametrize("kind", sorted(all_detectors()))
def test_every_detector_has_a_form_that_saves_what_it_shows(clients: Mapping[str, Client], kind: str) -> None:
    page = assert_well_made(clients["other"].get(NEW, {"detector": kind}).content.decode())
    names = {attrs.get("name") for attrs in inputs(page).values()}
    assert {"name", "title", "scope", "every_minutes", "recipients"} <= names
    assert sum(str(name).startswith("parameters.") for name in names) == len(
        all_detectors()[kind].Parameters.model_fields
    )
    assert "owner" not in names, "who is no staff makes alarms of their own"


def test_the_first_page_lists_every_detector_with_its_summary(clients: Mapping[str, Client]) -> None:
    html = clients["other"].get(NEW).content.decode()
    page = assert_well_made(html)
    for name, kind in all_detectors().items():
        assert f"?detector={name}" in page.links
        assert kind.title in html


def test_a_new_alarm_belongs_to_who_made_it(clients: Mapping[str, Client]) -> None:
    form = posted(Alarm(detector="task_failure_ratio"), name="mine", title="Mine", parameters__threshold="0.1")
    response = clients["other"].post(NEW, form)
    assert (response.status_code, response["Location"]) == (303, "/prod/alarms/mine/edit/?saved=1")
    made = Alarm.objects.get(name="mine")
    assert made.owner == User.objects.get(username="otto")
    assert (made.parameters["threshold"], made.version, made.enabled) == (0.1, 1, True)
    assert "Saved as version 1." in clients["other"].get(response["Location"]).content.decode()


def test_an_escalation_needs_somebody_to_escalate_to(clients: Mapping[str, Client], alarm: Alarm) -> None:
    response = clients["owner"].post(EDIT, posted(alarm, escalate_minutes="30", escalate_to=" "))
    html = response.content.decode()
    assert response.status_code == 422
    assert "#f-escalate_to" in assert_well_made(html).links
    clients["owner"].post(EDIT, posted(alarm, escalate_minutes="30", escalate_to="@experts/oncall"))
    alarm.refresh_from_db()
    assert (alarm.escalate_minutes, alarm.escalate_to, alarm.version) == (30, "@experts/oncall", 2)
    assert AlarmVersion.objects.get(alarm=alarm, number=2).content["escalate_minutes"] == 30


def test_nobody_but_staff_gives_alarms_to_others(clients: Mapping[str, Client], alarm: Alarm) -> None:
    clients["owner"].post(EDIT, posted(alarm, owner="otto", title="T"))
    alarm.refresh_from_db()
    assert (alarm.title, alarm.owner and alarm.owner.username) == ("T", "olga")
    clients["staff"].post(EDIT, posted(alarm, owner="otto"))
    alarm.refresh_from_db()
    assert alarm.owner and alarm.owner.username == "otto"
    response = clients["staff"].post(EDIT, posted(alarm, owner="nobody-here"))
    assert response.status_code == 422 and "There is no user" in response.content.decode()


@pytest.mark.parametrize("name", ["", "Not Good", "new", "teams", "x" * 101, "failing_tasks"])
def test_names_that_are_bad_or_taken_are_refused_beside_the_field(
    clients: Mapping[str, Client], alarm: Alarm, name: str
) -> None:
    form = posted(Alarm(detector="task_failure_ratio"), name=name, title="T", parameters__threshold="0.1")
    response = clients["other"].post(NEW, form)
    assert response.status_code == 422
    page = assert_well_made(response.content.decode())
    assert page.title.startswith("Error: ")
    assert inputs(page)["f-name"]["aria-invalid"] == "true"
    assert "#f-name" in page.links, "the summary leads to the field"
    assert Alarm.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("title", "", "This field cannot be blank."),
        ("parameters.threshold", "5", "allowed: a number from 0 to 1"),
        ("parameters.threshold", "", "Is missing"),
        ("parameters.clear_below", "0.5", "is above the threshold"),
        ("scope", "nonsense", "expected label"),
        ("schedule", "someday", "is no time of the week"),
        ("every_minutes", "soon", "is not a whole number."),
        ("every_minutes", "0", "greater than or equal to 1"),
        ("every_minutes", "9" * 400, "less than or equal to"),
        ("renotify_hours", "-1", "greater than or equal to 0"),
        ("renotify_hours", "nan", "is not a number."),
        ("renotify_hours", "inf", "is not a number."),
        ("severity", "dreadful", "is not a valid choice"),
        ("webhooks", "mattermost ftp://x", "Webhook in line 1"),
        ("group_by", "x" * 31, "At most 30 characters"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    clients: Mapping[str, Client], alarm: Alarm, field: str, text: str, words: str
) -> None:
    form = posted(alarm, **{field.replace(".", "__"): text}, description="Not to be lost")
    response = clients["owner"].post(EDIT, form)
    assert response.status_code == 422
    html = response.content.decode()
    page = assert_well_made(html)
    found = inputs(page)[f"f-{field.replace('.', '-')}"]
    assert found.get("aria-invalid") == "true"
    assert found.get("aria-describedby", "").endswith("-error")
    if "value" in found:
        assert found["value"] == text
    assert words in html.replace("&#x27;", "'")
    assert "Not to be lost" in html
    alarm.refresh_from_db()
    assert alarm.version == 1


def test_a_form_with_several_problems_names_all_of_them_at_once(clients: Mapping[str, Client], alarm: Alarm) -> None:
    form = posted(alarm, title="", parameters__threshold="x", scope="y")
    page = assert_well_made(clients["owner"].post(EDIT, form).content.decode())
    assert {"#f-title", "#f-parameters-threshold", "#f-scope"} <= set(page.links)


def test_saving_makes_a_version_with_its_comment(clients: Mapping[str, Client], alarm: Alarm) -> None:
    form = posted(
        alarm, title="Other", tell_cleared=None, comment="Less noise", parameters__statuses=["running", "failed"]
    )
    assert clients["owner"].post(EDIT, form)["Location"] == f"{EDIT}?saved=2"
    version = AlarmVersion.objects.get(number=2)
    assert (version.changed_by, version.comment) == ("olga", "Less noise")
    assert (version.content["title"], version.content["tell_cleared"]) == ("Other", False)
    assert version.content["parameters"]["statuses"] == ["running", "failed"]


def test_saving_what_is_there_already_makes_no_version(clients: Mapping[str, Client], alarm: Alarm) -> None:
    response = clients["owner"].post(EDIT, posted(alarm))
    assert response["Location"] == f"{EDIT}?saved=0"
    assert AlarmVersion.objects.count() == 1


def test_the_form_shows_what_is_saved_also_with_markup_and_lines(clients: Mapping[str, Client], alarm: Alarm) -> None:
    text = "\n<b>&\"'</b>\r\nsecond line 中文"
    clients["owner"].post(EDIT, posted(alarm, description=text, title="<i>T</i>"))
    alarm.refresh_from_db()
    assert (alarm.description, alarm.title) == ("<b>&\"'</b>\nsecond line 中文", "<i>T</i>")
    html = clients["owner"].get(EDIT).content.decode()
    assert "&lt;i&gt;T&lt;/i&gt;" in html and "<i>T" not in html
    assert "\n&lt;b&gt;&amp;&quot;&#x27;&lt;/b&gt;\nsecond line 中文</textarea>" in html


def test_when_somebody_else_saved_meanwhile_both_are_shown_and_nothing_is_lost(
    clients: Mapping[str, Client], alarm: Alarm
) -> None:
    form = posted(alarm, title="Mine", parameters__threshold="0.2")
    theirs = {"description": "Theirs", "owner": "olga", "tell_cleared": None, "parameters__since_days": "3"}
    clients["staff"].post(EDIT, posted(alarm, parameters__threshold="0.3", **theirs))
    response = clients["owner"].post(EDIT, form)
    assert response.status_code == 409
    html = response.content.decode()
    page = assert_well_made(html)
    assert "Somebody else has saved this alarm meanwhile" in html and "root" in html
    changed, would = html.split("What saving yours would change of it")
    assert "description: Theirs" in changed and "since_days: 3" in changed
    assert "title: Mine" in would and "threshold: 0.2" in would
    alarm.refresh_from_db()
    assert (alarm.title, alarm.description, alarm.version) == ("Failing tasks", "Theirs", 2)
    fields = inputs(page)
    assert fields["f-title"]["value"] == "Mine", "what only I changed"
    assert "Theirs</textarea>" in html and fields["f-parameters-since_days"]["value"] == "3", "what only they changed"
    assert "checked" not in fields["f-tell_cleared"]
    assert fields["f-parameters-threshold"]["value"] == "0.2", "what both changed is mine, and shown"
    versions = [attrs["value"] for attrs in page.all("input") if attrs.get("name") == "version"]
    assert versions[-1] == "2", "saving once more is now knowingly over version 2"


def test_saving_once_more_after_that_is_saving_over_theirs(clients: Mapping[str, Client], alarm: Alarm) -> None:
    form = posted(alarm, title="Mine")
    clients["staff"].post(EDIT, posted(alarm, title="Theirs", owner="olga"))
    assert clients["owner"].post(EDIT, form).status_code == 409
    assert clients["owner"].post(EDIT, form | {"version": "2"}).status_code == 303
    alarm.refresh_from_db()
    assert (alarm.title, alarm.version) == ("Mine", 3)


def test_a_form_that_was_sent_twice_counts_once(clients: Mapping[str, Client], alarm: Alarm) -> None:
    form = posted(alarm, title="Other")
    assert clients["owner"].post(EDIT, form)["Location"] == f"{EDIT}?saved=2"
    assert clients["owner"].post(EDIT, form)["Location"] == f"{EDIT}?saved=0"
    assert AlarmVersion.objects.count() == 2


@pytest.mark.parametrize("version", ["", "0", "-1", "x", "9" * 40])
def test_a_version_that_never_was_is_no_way_around(clients: Mapping[str, Client], alarm: Alarm, version: str) -> None:
    assert clients["owner"].post(EDIT, posted(alarm, title="Other", version=version)).status_code == 409
    assert AlarmVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("what", "field", "value"),
    [
        ("disable", "enabled", False),
        ("hush", "notify", False),
        ("archive", "archived", True),
    ],
)
def test_a_switch_changes_one_thing_and_its_opposite_changes_it_back(
    clients: Mapping[str, Client], alarm: Alarm, what: str, field: str, value: bool
) -> None:
    assert clients["owner"].post(SWITCH, {"switch": what, "version": "1"}).status_code == 303
    alarm.refresh_from_db()
    assert getattr(alarm, field) is value and alarm.version == 2
    assert AlarmVersion.objects.first().comment == what
    back = {"disable": "enable", "hush": "tell", "archive": "unarchive"}[what]
    clients["owner"].post(SWITCH, {"switch": back, "version": "2"})
    alarm.refresh_from_db()
    assert getattr(alarm, field) is not value


def test_an_alarm_that_is_not_valid_any_more_can_be_silenced_and_not_switched_on(
    clients: Mapping[str, Client], alarm: Alarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(configuration(), "webhook_hosts", "")
    for version, what in enumerate(("hush", "disable", "archive"), 1):
        response = clients["owner"].post(SWITCH, {"switch": what, "version": str(version)})
        assert response.status_code == 303
    alarm.refresh_from_db()
    assert (alarm.notify, alarm.enabled, alarm.archived, alarm.version) == (False, False, True, 4)
    response = clients["owner"].post(SWITCH, {"switch": "enable", "version": "4"})
    assert response.status_code == 422 and "Webhook in line 1" in response.content.decode()


def test_a_switch_pressed_on_an_old_page_changes_nothing(clients: Mapping[str, Client], alarm: Alarm) -> None:
    alarm.title = "Other"
    save_alarm(alarm, "root", NOW)
    response = clients["owner"].post(SWITCH, {"switch": "archive", "version": "1"}, HTTP_ACCEPT="text/html")
    assert response.status_code == 409 and "Nothing was changed." in response.content.decode()
    alarm.refresh_from_db()
    assert not alarm.archived


def test_a_switch_pressed_twice_is_as_good_as_once(clients: Mapping[str, Client], alarm: Alarm) -> None:
    for _ in range(2):
        assert clients["owner"].post(SWITCH, {"switch": "disable", "version": "1"}).status_code == 303
    assert AlarmVersion.objects.count() == 2


def test_an_unknown_switch_is_refused_and_a_foreign_page_is_not_led_to(
    clients: Mapping[str, Client], alarm: Alarm
) -> None:
    assert clients["owner"].post(SWITCH, {"switch": "explode", "version": "1"}).status_code == 422
    response = clients["owner"].post(SWITCH, {"switch": "hush", "version": "1", "next": "https://evil.example/"})
    assert response["Location"] == EDIT
    response = clients["owner"].post(SWITCH, {"switch": "tell", "version": "2", "next": "/prod/alarms/"})
    assert response["Location"] == "/prod/alarms/"


def test_switching_an_alarm_off_ends_its_events(clients: Mapping[str, Client], alarm: Alarm) -> None:
    event = Event.objects.create(
        alarm=alarm, fingerprint="task:1", state=State.FIRING, severity="warning", subject="s", first_seen=NOW,
        last_seen=NOW, fired_at=NOW,
    )  # fmt: skip
    clients["owner"].post(SWITCH, {"switch": "disable", "version": "1"})
    event.refresh_from_db()
    assert event.state == State.RESOLVED


def test_a_copy_holds_everything_but_belongs_to_the_reader_and_has_no_key_of_others(
    clients: Mapping[str, Client], alarm: Alarm
) -> None:
    html = clients["owner"].get(NEW, {"copy": "failing_tasks"}).content.decode()
    page = assert_well_made(html)
    assert inputs(page)["f-title"]["value"] == "Failing tasks (copy)"
    assert inputs(page)["f-parameters-threshold"]["value"] == "0.05"
    assert "secret-key" in html
    assert "secret-key" not in clients["other"].get(NEW, {"copy": "failing_tasks"}).content.decode()


def test_another_detector_keeps_parameters_of_the_same_name(clients: Mapping[str, Client], alarm: Alarm) -> None:
    page = assert_well_made(clients["owner"].get(EDIT, {"detector": "job_failure_ratio"}).content.decode())
    assert inputs(page)["f-parameters-threshold"]["value"] == "0.05"
    assert "f-parameters-min_ended_jobs" in inputs(page)
    alarm.refresh_from_db()
    assert alarm.detector == "task_failure_ratio"


def test_an_alarm_whose_detector_is_gone_can_still_be_opened_and_given_another(
    clients: Mapping[str, Client], alarm: Alarm
) -> None:
    Alarm.objects.update(detector="no_longer_installed")
    html = clients["owner"].get(EDIT).content.decode()
    assert_well_made(html)
    assert "no_longer_installed" in html
    alarm.refresh_from_db()
    response = clients["owner"].post(EDIT, posted(alarm))
    assert response.status_code == 422 and "there is no detector" in response.content.decode()
    form = posted(alarm, detector="task_failure_ratio", parameters__threshold="0.1", parameters__statuses=["running"])
    assert clients["owner"].post(EDIT, form).status_code == 303


def test_a_file_or_a_strange_field_in_the_form_does_no_harm(clients: Mapping[str, Client], alarm: Alarm) -> None:
    form: dict[str, Any] = posted(alarm, title="a\0b", parameters__nonsense="1", archived="on", id="1")
    assert clients["owner"].post(EDIT, form).status_code == 303
    alarm.refresh_from_db()
    assert (alarm.title, alarm.archived) == ("ab", False)
