"""Mails on the wire: the same bytes each time, in one thread, without anybody's address or a foreign header."""

from __future__ import annotations

from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

import pytest

from swf_remote.alarms.delivery.letter import MOST_REFERENCES, content_of, letter
from swf_remote.alarms.routing.news import News
from tests.remote.alarms.delivery.news import composed, event, over

SENDER = "ePIC alarms <alarms@gateway.example>"
IDENTIFIER = "0b7d1a39-4f37-4a0e-9a6c-5f6f0f1f5f0d"


def written(news: News | None = None, subject: str = "", **how: Any) -> EmailMessage:
    """A mail as its reader sees it."""
    message = composed(news or News(new=[event()]), **how.pop("alarm_fields", {}))
    known: dict[str, Any] = {"sender": SENDER, "alarm": "a1", "events": ["e1"], "teams": []}
    data = letter(subject or message.subject, content_of(IDENTIFIER, message, **(known | how)))
    for line in data.split(b"\r\n"):
        assert len(line) <= 998  # RFC 5322 2.1.1
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert data.isascii()
    parsed = BytesParser(policy=default).parsebytes(data)
    assert isinstance(parsed, EmailMessage)
    return parsed


def part(mail: EmailMessage, subtype: str) -> str:
    found = mail.get_body((subtype,))
    assert found is not None
    return str(found.get_content())


def test_the_same_content_makes_the_same_bytes() -> None:
    content = content_of(IDENTIFIER, composed(News(new=[event()])), sender=SENDER, alarm="a", events=["e"], teams=[])
    assert letter("x", content) == letter("x", content)


def test_a_mail_has_a_text_and_an_html_form_in_this_order() -> None:
    mail = written(News(new=[event(7)]))
    assert mail.get_content_type() == "multipart/alternative"
    assert [one.get_content_type() for one in mail.iter_parts()] == ["text/plain", "text/html"]
    assert "task 7 (running)" in part(mail, "plain")
    assert "task 7 (running)" in part(mail, "html")


def test_letters_beyond_ascii_come_through_in_subject_and_body() -> None:
    mail = written(subject="Prüfung: 素粒子", alarm_fields={"title": "Größe 素粒子"})
    assert mail["Subject"] == "Prüfung: 素粒子"
    assert "Größe 素粒子" in part(mail, "plain")
    assert "Größe 素粒子" in part(mail, "html")


def test_no_recipient_is_named() -> None:
    assert written()["To"] == "undisclosed-recipients:;"
    assert written()["Cc"] is None


def test_teams_are_named_as_groups_without_members() -> None:
    mail = written(teams=["@prodops", "@night.shift"])
    assert [group.display_name for group in mail["To"].groups] == ["prodops", "night.shift"]
    assert mail["To"].addresses == ()


def test_the_identifier_of_the_delivery_makes_the_message_id() -> None:
    assert written()["Message-ID"] == f"<{IDENTIFIER}@gateway.example>"


def test_messages_that_share_an_event_are_one_thread() -> None:
    first, second = written(events=["e1", "e2"]), written(News(cleared=[over()]), events=["e2"])
    assert set(first["References"].split()) & set(second["References"].split()) == {"<e2.event@gateway.example>"}
    assert first["In-Reply-To"] == "<e1.event@gateway.example>"


def test_a_message_without_events_belongs_to_the_thread_of_its_alarm() -> None:
    assert written(events=[])["References"] == "<a1.alarm@gateway.example>"


def test_the_number_of_references_is_bounded() -> None:
    assert len(written(events=[str(number) for number in range(500)])["References"].split()) == MOST_REFERENCES


def test_identifiers_longer_than_a_line_stay_whole() -> None:
    long = "alarms@a-name-of-a-host-that-is-rather-long.in-a-department.of-a-laboratory.example"
    mail = written(sender=long, events=["e" * 36, "f" * 36])
    domain = long.partition("@")[2]
    assert mail["References"].split() == [f"<{'e' * 36}.event@{domain}>", f"<{'f' * 36}.event@{domain}>"]
    assert mail["Message-ID"].strip() == f"<{IDENTIFIER}@{domain}>"


def test_machines_are_told_that_a_machine_wrote_and_that_it_is_a_list() -> None:
    mail = written()
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"] == "<failures.alarms.gateway.example>"


def test_the_sender_keeps_its_name() -> None:
    assert written()["From"] == SENDER


@pytest.mark.parametrize(("severity", "importance"), [("critical", "high"), ("warning", None)])
def test_only_what_is_critical_is_urgent(severity: str, importance: str | None) -> None:
    assert written(News(new=[event(severity=severity)]))["Importance"] == importance


def test_the_end_of_something_critical_is_not_urgent() -> None:
    assert written(News(cleared=[over(severity="critical")]))["Importance"] is None


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x0b", "\u2028", "\x00"])
def test_a_name_makes_no_header(end: str) -> None:
    hostile = f"task{end}Bcc: eve@evil.example{end}{end}body"
    mail = written(
        News(new=[event(subject=hostile)]), subject=hostile, events=[hostile], teams=[f"@{hostile}"], alarm=hostile
    )
    assert mail["Bcc"] is None
    assert mail["Subject"] == "task Bcc: eve@evil.example body"
    assert mail.get_content_type() == "multipart/alternative"


def test_a_body_line_that_looks_like_the_end_of_parts_is_none() -> None:
    mail = written(News(new=[event(detail=f"--=_{IDENTIFIER}--\n\nContent-Type: text/x")]))
    assert [one.get_content_type() for one in mail.iter_parts()] == ["text/plain", "text/html"]
