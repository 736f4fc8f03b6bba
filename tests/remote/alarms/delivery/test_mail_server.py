"""Mail through a real server, which may fail at any point: who has it, who never will, and who is tried again."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from swf_remote.alarms.delivery import smtp
from swf_remote.alarms.delivery.smtp import MailServer
from swf_remote.alarms.delivery.transports import Parcel, Result
from tests.remote.alarms.delivery.mail_servers import HANG, RESET, MailBox, mail_server
from tests.remote.alarms.delivery.news import NOW, mail_content
from tests.remote.upstream.certificates import Authority

ALICE, BOB, CAROL = "alice@lab.example", "bob@lab.example", "carol@lab.example"
EVERYBODY = (ALICE, BOB, CAROL)


def parcel(*recipients: str, **content: Any) -> Parcel:
    return Parcel("d1", recipients or EVERYBODY, "[warning] failures: 1 new", mail_content("d1", **content), NOW)


def server_of(box: MailBox, **how: Any) -> MailServer:
    known: dict[str, Any] = {"host": "127.0.0.1", "port": box.port, "tls": "off", "hello": "gateway.example"}
    return MailServer(**(known | how))


def sent(box: MailBox, **how: Any) -> Result:
    return server_of(box, **how).deliver(parcel())


def test_a_mail_goes_to_all_recipients_in_one_transaction() -> None:
    with mail_server() as box:
        result = sent(box)
    assert result.reached == EVERYBODY
    assert not result.refused
    assert [mail.recipients for mail in box.taken] == [EVERYBODY]
    assert box.taken[0].sender == "alarms@gateway.example"


def test_no_recipient_reads_anothers_address() -> None:
    with mail_server() as box:
        sent(box)
    assert not any(address.encode() in box.taken[0].data for address in EVERYBODY)


def test_lines_that_begin_with_a_dot_come_through() -> None:
    with mail_server() as box:
        server_of(box).deliver(parcel(text=".\n..\n. Bcc\n"))
    body = box.taken[0].message.get_body(("plain",))  # type: ignore[attr-defined]
    assert body.get_content().splitlines() == [".", "..", ". Bcc"]


@pytest.mark.parametrize("answer", ["550 no such user", "553 not here"])
def test_a_recipient_who_is_refused_for_good_holds_up_no_other(answer: str) -> None:
    with mail_server({f"RCPT {BOB}": [answer]}) as box:
        result = sent(box)
    assert result.reached == (ALICE, CAROL)
    assert result.refused == {BOB: answer}
    assert box.recipients() == [ALICE, CAROL]


@pytest.mark.parametrize("answer", ["450 busy", "452 too many recipients"])
def test_a_recipient_who_is_refused_for_now_is_tried_again(answer: str) -> None:
    with mail_server({f"RCPT {BOB}": [answer]}) as box:
        result = sent(box)
        assert result.reached == (ALICE, CAROL)
        assert not result.refused
        assert f"{BOB}: {answer}" in result.detail
        assert server_of(box).deliver(parcel(BOB)).reached == (BOB,)
    assert sorted(box.recipients()) == sorted(EVERYBODY)


def test_if_all_are_refused_no_message_is_sent() -> None:
    with mail_server({f"RCPT {one}": ["550 no"] for one in EVERYBODY}) as box:
        result = sent(box)
    assert not result.reached
    assert set(result.refused) == set(EVERYBODY)
    assert box.taken == []


@pytest.mark.parametrize("point", ["DATA", "message"])
def test_a_message_that_is_refused_for_good_is_not_tried_again(point: str) -> None:
    with mail_server({point: ["554 looks like spam"], f"RCPT {BOB}": ["450 later"]}) as box:
        result = sent(box)
    assert result.refused == {ALICE: "554 looks like spam", CAROL: "554 looks like spam"}
    assert box.taken == []


@pytest.mark.parametrize(
    ("point", "fault"),
    [
        ("banner", "421 too busy"), ("banner", "554 go away"), ("banner", RESET), ("banner", "not SMTP at all"),
        ("EHLO", RESET),
        ("MAIL", "451 later"), ("MAIL", "550 who are you"), ("MAIL", "421 closing"), ("MAIL", RESET),
        (f"RCPT {ALICE}", RESET), (f"RCPT {BOB}", RESET), (f"RCPT {BOB}", "421 closing"), (f"RCPT {CAROL}", RESET),
        ("DATA", "451 later"), ("DATA", "421 closing"), ("DATA", RESET),
        ("message", "451 disk full"), ("message", RESET),
    ],
)  # fmt: skip
def test_a_fault_that_may_pass_leaves_all_to_be_tried_again_with_the_same_message_id(point: str, fault: str) -> None:
    with mail_server({point: [fault]}) as box:
        result = sent(box)
        assert not result.reached
        assert not result.refused
        assert result.detail
        assert box.taken == []
        assert sent(box).reached == EVERYBODY
    assert [mail.message_id for mail in box.taken] == ["<d1@gateway.example>"]


def test_where_the_answer_to_the_message_is_lost_it_goes_again_with_the_same_message_id() -> None:
    with mail_server({"taken": [RESET]}) as box:
        result = sent(box)
        assert not result.reached
        assert "it may have been taken all the same" in result.detail
        assert sent(box).reached == EVERYBODY
    assert [mail.message_id for mail in box.taken] == ["<d1@gateway.example>"] * 2


def test_a_recipient_who_is_refused_for_good_stays_so_though_the_connection_breaks_later() -> None:
    with mail_server({f"RCPT {ALICE}": ["550 no"], "DATA": [RESET]}) as box:
        result = sent(box)
    assert result.refused == {ALICE: "550 no"}
    assert not result.reached


@pytest.mark.parametrize("fault", [RESET, "500 what"])
def test_what_happens_after_the_last_answer_does_not_count(fault: str) -> None:
    with mail_server({"QUIT": [fault]}) as box:
        assert sent(box).reached == EVERYBODY


def test_nobody_listening_is_a_fault_that_may_pass() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    result = MailServer("127.0.0.1", port, "off", "gateway.example").deliver(parcel())
    assert result == Result(detail=result.detail)
    assert "refused" in result.detail.lower()


def test_a_server_that_says_nothing_more_is_left_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "TALK_SECONDS", 0.3)
    with mail_server({"MAIL": [HANG]}) as box:
        result = sent(box)
    assert not result.reached
    assert not result.refused
    assert result.detail


def test_a_server_has_long_to_answer_to_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "ANSWER_SECONDS", 0.3)
    with mail_server({"taken": [HANG]}) as box:
        result = sent(box)
    assert "it may have been taken all the same" in result.detail


def trusting(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.file))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def test_starttls_encrypts_before_anything_is_said(authority: Authority) -> None:
    with mail_server(starttls=authority.server("localhost").tls(), login=("gateway", "secret")) as box:
        result = sent(
            box, host="localhost", tls="starttls", user="gateway", password="secret", trust=trusting(authority)
        )
    assert result.reached == EVERYBODY
    assert box.taken[0].encrypted
    assert box.taken[0].user == "gateway"


def test_tls_from_the_start(authority: Authority) -> None:
    with mail_server(tls=authority.server("localhost").tls()) as box:
        assert sent(box, host="localhost", tls="tls", trust=trusting(authority)).reached == EVERYBODY


@pytest.mark.parametrize("kind", ["starttls", "tls"])
def test_a_server_that_does_not_prove_who_it_is_gets_nothing(authority: Authority, kind: Any) -> None:
    with mail_server(**{kind: authority.server("other.example").tls()}) as box:
        result = sent(box, host="localhost", tls=kind, trust=trusting(authority))
    assert not result.reached
    assert not result.refused
    assert "certificate verify failed" in result.detail
    assert box.taken == []


def test_a_server_of_an_authority_that_nobody_knows_gets_nothing(authority: Authority) -> None:
    with mail_server(starttls=authority.server("localhost").tls()) as box:
        result = sent(box, host="localhost", tls="starttls")
    assert "certificate verify failed" in result.detail
    assert box.taken == []


def test_a_server_without_starttls_gets_nothing_in_plain_text() -> None:
    with mail_server() as box:
        result = sent(box, tls="starttls")
    assert "STARTTLS" in result.detail
    assert box.taken == []


@pytest.mark.parametrize("fault", ["454 not now", RESET])
def test_starttls_that_fails_is_tried_again(authority: Authority, fault: str) -> None:
    with mail_server({"STARTTLS": [fault]}, starttls=authority.server("localhost").tls()) as box:
        how: dict[str, Any] = {"host": "localhost", "tls": "starttls", "trust": trusting(authority)}
        assert not sent(box, **how).refused
        assert sent(box, **how).reached == EVERYBODY


def test_a_login_that_is_refused_is_a_fault_that_may_pass_and_keeps_its_password(authority: Authority) -> None:
    with mail_server(starttls=authority.server("localhost").tls(), login=("gateway", "secret")) as box:
        how: dict[str, Any] = {"host": "localhost", "tls": "starttls", "trust": trusting(authority)}
        result = sent(box, user="gateway", password="wrong-pass", **how)
    assert not result.refused
    assert "535" in result.detail
    assert "wrong-pass" not in result.detail
    assert "wrong-pass" not in repr(server_of(box, password="wrong-pass"))


def test_a_hostile_subject_makes_no_header_and_no_command(tmp_path: Path) -> None:
    with mail_server() as box:
        hostile = "x\r\n.\r\nMAIL FROM:<eve@evil.example>\r\nRCPT TO:<eve@evil.example>"
        server_of(box).deliver(Parcel("d1", (ALICE,), hostile, mail_content(text=hostile), NOW))
    assert box.recipients() == [ALICE]
