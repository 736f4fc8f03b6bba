"""Messages for signed-in users: what became of each, sending again, and mails that were written to files."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone

from swf_remote.alarms.models import Delivery, Outcome
from swf_remote.alarms.pages import mails
from tests.remote.alarms.pages.scenes import PAGE, alarm, delivery, minutes, reader, url
from tests.remote.web.pages import assert_well_made

pytestmark = pytest.mark.django_db
MAIL = """From: swf-remote-alarms@monitor.example
To: shift@example.org
Subject: =?utf-8?q?=5Beic=5D_1_new_=C3=BC?=
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

NEW (1)
<b>task 4711</b>
"""


def test_a_message_tells_each_attempt_and_what_was_said() -> None:
    made = delivery(alarm(), timezone.now())
    html = reader().get(url(f"deliveries/{made.pk}/"), **PAGE).content.decode()
    assert "550 no such user" in html and "shift@example.org" in html and made.pk in html


def test_one_that_was_given_up_is_sent_again_under_its_identifier() -> None:
    made, client = delivery(alarm(), timezone.now()), reader()
    assert "Send again" in client.get(url(f"deliveries/{made.pk}/"), **PAGE).content.decode()
    response = client.post(url(f"deliveries/{made.pk}/again/"), **PAGE)
    assert (response.status_code, response["Location"]) == (303, url(f"deliveries/{made.pk}/"))
    found = Delivery.objects.get()
    assert (found.pk, found.outcome, found.destinations) == (made.pk, Outcome.WAITING, ["shift@example.org"])


@pytest.mark.parametrize("outcome", [Outcome.WAITING, Outcome.SENDING, Outcome.SENT])
def test_one_that_was_not_given_up_is_not_sent_again(outcome: Outcome) -> None:
    made, client = delivery(alarm(), timezone.now(), outcome=outcome), reader()
    assert "Send again" not in client.get(url(f"deliveries/{made.pk}/"), **PAGE).content.decode()
    response = client.post(url(f"deliveries/{made.pk}/again/"), **PAGE)
    assert response.status_code == 409 and "Nothing was changed." in response.content.decode()
    assert Delivery.objects.get().outcome == outcome


def test_an_unknown_message_is_a_404_page() -> None:
    client = reader()
    assert client.get(url("deliveries/x/"), **PAGE).status_code == 404
    assert client.post(url("deliveries/x/again/"), **PAGE).status_code == 404


def test_messages_are_filtered_by_outcome_and_paged() -> None:
    of, client = alarm(), reader()
    for number in range(55):
        delivery(of, timezone.now() - minutes(number), subject=f"subject {number:03}", outcome=Outcome.SENT)
    delivery(of, timezone.now(), subject="given up")
    first = client.get(url("deliveries/?outcome=sent"), **PAGE).content.decode()
    assert "subject 000" in first and "subject 054" not in first and "given up" not in first
    older = next(link for link in assert_well_made(first).links if "after=" in link)
    assert "subject 054" in client.get(url(f"deliveries/{older}"), **PAGE).content.decode()
    assert client.get(url("deliveries/?outcome=lost"), **PAGE).status_code == 400


# ----- mails in files


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "mail"
    made.mkdir()
    monkeypatch.setattr(mails.configuration(), "email_folder", made)
    (made / "20261129T080000Z-1.eml").write_text(MAIL)
    (tmp_path / "secret.eml").write_text("Subject: secret\n\nsecret")
    return made


def test_the_newest_mails_are_listed_and_can_be_read_by_signed_in_users(folder: Path) -> None:
    client = reader()
    html = client.get(url(""), **PAGE).content.decode()
    assert "[eic] 1 new \N{LATIN SMALL LETTER U WITH DIAERESIS}" in html
    assert url("mails/20261129T080000Z-1.eml/") in assert_well_made(html).links
    text = client.get(url("mails/20261129T080000Z-1.eml/"), **PAGE).content.decode()
    assert "shift@example.org" in text and "&lt;b&gt;task 4711&lt;/b&gt;" in text
    assert_well_made(text)


def test_open_readers_are_not_told_of_mails(folder: Path, client: object) -> None:
    html = client.get(url(""), **PAGE).content.decode()  # type: ignore[attr-defined]
    assert "Newest mails" not in html and "1 new" not in html


def test_without_a_folder_there_is_no_list_and_no_mail() -> None:
    client = reader()
    assert "Newest mails" not in client.get(url(""), **PAGE).content.decode()
    assert client.get(url("mails/a.eml/"), **PAGE).status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "..%2Fsecret.eml",
        "%2e%2e%2fsecret.eml",
        ".eml",
        "-1.eml",
        "link.eml",
        "folder.eml",
        "gone.eml",
        "x.part",
    ],
)
def test_only_files_of_the_folder_can_be_read(folder: Path, name: str) -> None:
    (folder / "link.eml").symlink_to(folder.parent / "secret.eml")
    (folder / "folder.eml").mkdir()
    (folder / "x.part").write_text("Subject: secret\n\nsecret")
    client = reader()
    assert "secret" not in client.get(url(""), **PAGE).content.decode()
    response = client.get(url(f"mails/{name}/"), **PAGE)
    assert response.status_code == 404
    assert "secret" not in response.content.decode().lower().replace("secret.eml", "")


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"Subject: =?bad?q?=ZZ?=\nContent-Type: text/plain; charset=none\n\nx"]
)
def test_a_file_that_is_no_mail_does_no_harm(folder: Path, content: bytes) -> None:
    (folder / "odd.eml").write_bytes(content)
    client = reader()
    for path in ("", "mails/odd.eml/"):
        assert client.get(url(path), **PAGE).status_code == 200
