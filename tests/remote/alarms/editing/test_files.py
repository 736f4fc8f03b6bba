"""Export and import as pages: a plan first, a confirmation that stands for exactly that plan, all of it or nothing."""

from collections.abc import Mapping
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from swf_remote.alarms.configuring import save_alarm
from swf_remote.alarms.models import Alarm, Team
from swf_remote.alarms.transfer.plan import read_yaml
from tests.remote.alarms.editing.conftest import NOW
from tests.remote.web.pages import assert_well_made

IMPORT = "/prod/alarms/import/"
EXPORT = "/prod/alarms/export/"
FILE = """format: 1
alarms:
  from_git:
    title: From git
    detector: task_failure_ratio
    parameters: {threshold: 0.1}
"""


def confirmation(html: str) -> str:
    page = assert_well_made(html)
    return next(attrs["value"] or "" for attrs in page.all("input") if attrs.get("name") == "confirm")


def test_staff_exports_all_and_others_their_own(clients: Mapping[str, Client], alarm: Alarm, team: Team) -> None:
    response = clients["staff"].get(EXPORT)
    assert response["Content-Type"] == "application/yaml; charset=utf-8"
    assert 'filename="alarms.yaml"' in response["Content-Disposition"]
    assert {item.what for item in read_yaml(response.content.decode()).items} == {"unchanged"}
    assert "failing_tasks:" in clients["owner"].get(EXPORT).content.decode()
    assert "failing_tasks:" not in clients["other"].get(EXPORT).content.decode()


def test_members_come_only_when_asked_for(clients: Mapping[str, Client], team: Team) -> None:
    assert "a@lab.example" not in clients["staff"].get(EXPORT).content.decode()
    assert "a@lab.example" in clients["staff"].get(EXPORT, {"members": "1"}).content.decode()


def test_a_pasted_file_shows_its_plan_and_changes_nothing_yet(clients: Mapping[str, Client], alarm: Alarm) -> None:
    html = clients["staff"].post(IMPORT, {"text": FILE}).content.decode()
    assert_well_made(html)
    assert "1 absent alarm, 1 new alarm." in html
    assert "+</span> title: From git" in html
    assert not Alarm.objects.filter(name="from_git").exists()


def test_a_confirmed_plan_is_done(clients: Mapping[str, Client]) -> None:
    upload = SimpleUploadedFile("alarms.yaml", b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode())
    html = clients["staff"].post(IMPORT, {"file": upload}).content.decode()
    form = {"confirm": confirmation(html), "text": FILE.replace("\n", "\r\n")}
    response = clients["staff"].post(IMPORT, form)
    assert response.status_code == 200
    assert_well_made(response.content.decode())
    assert Alarm.objects.get().title == "From git"
    assert Alarm.objects.get().versions.get().changed_by == "root"


def test_the_text_in_the_confirmation_is_the_file(clients: Mapping[str, Client]) -> None:
    tricky = FILE.replace("title: From git", "title: '</textarea><b>&amp;'")
    html = clients["staff"].post(IMPORT, {"text": tricky}).content.decode()
    carried = html.split("<textarea")[1].split(">\n", 1)[1].split("</textarea>")[0]
    assert unescape(carried) == tricky


@pytest.mark.parametrize("change", ["text", "prune", "alarm"])
def test_a_confirmation_counts_for_exactly_what_was_shown(
    clients: Mapping[str, Client], alarm: Alarm, change: str
) -> None:
    text = FILE.replace("from_git", "failing_tasks")
    form = {"text": text, "confirm": confirmation(clients["staff"].post(IMPORT, {"text": text}).content.decode())}
    if change == "text":
        form["text"] = text.replace("0.1", "0.9")
    elif change == "prune":
        form["prune"] = "on"
    else:
        alarm.title = "Changed meanwhile"
        save_alarm(alarm, "carol", NOW)
    response = clients["staff"].post(IMPORT, form)
    assert response.status_code == 409
    assert "have changed since you looked" in response.content.decode()
    alarm.refresh_from_db()
    assert alarm.title != "From git"


def test_pruning_archives_what_the_file_does_not_name(clients: Mapping[str, Client], alarm: Alarm) -> None:
    form = {"text": FILE, "prune": "on"}
    html = clients["staff"].post(IMPORT, form).content.decode()
    assert "1 archived alarm" in html
    clients["staff"].post(IMPORT, form | {"confirm": confirmation(html)})
    alarm.refresh_from_db()
    assert alarm.archived


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"text": ""}, "choose a file, or paste its text"),
        ({"text": FILE.replace("0.1", "9")}, "line 6: from_git: parameters.threshold: 9 is not allowed"),
        ({"text": "a: &x [*x, *x]"}, "an anchor"),
        ({"file": SimpleUploadedFile("x", b"\xff\xfe\x00")}, "is no text in UTF-8"),
        ({"file": SimpleUploadedFile("x", b"x" * 1_000_001)}, "more than 1,000,000 bytes"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_and_the_text_stays(
    clients: Mapping[str, Client], form: dict[str, object], words: str
) -> None:
    response = clients["staff"].post(IMPORT, form)
    assert response.status_code == 422
    html = response.content.decode()
    assert_well_made(html)
    assert words in unescape(html)
    assert str(form.get("text", "")).strip()[:20] in unescape(html)
    assert not Alarm.objects.exists()
