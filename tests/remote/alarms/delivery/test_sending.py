"""The outbox sends what is due, writes down what became of it, and holds nobody up."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection

from swf_remote.alarms.delivery.backoff import LONGEST, MOST_ATTEMPTS, wait_after
from swf_remote.alarms.delivery.folder import MailFolder
from swf_remote.alarms.delivery.sending import Outbox
from swf_remote.alarms.delivery.transports import Parcel, Result
from swf_remote.alarms.models import Channel, Delivery, Outcome
from tests.remote.alarms.delivery.mail_servers import mail_server
from tests.remote.alarms.delivery.news import NOW, waiting
from tests.remote.alarms.delivery.senders import Gate, Hold, LostError, Way
from tests.remote.alarms.delivery.web_servers import web_server
from tests.remote.gateways import settings_for

pytestmark = pytest.mark.django_db(transaction=True)

ALICE, BOB, CAROL = "alice@lab.example", "bob@lab.example", "carol@lab.example"
HOOK = "https://chat.example/hook"
MINUTE = timedelta(minutes=1)


def outbox(mail: Any = None, hooks: Any = None) -> Outbox:
    return Outbox({Channel.MAIL: mail or Way(), Channel.WEBHOOK: hooks or Way()}, patience=0)


def mail(*recipients: str, **fields: Any) -> Delivery:
    return waiting(Channel.MAIL, recipients or (ALICE, BOB, CAROL), **fields)


def now_of(row: Delivery) -> Delivery:
    return Delivery.objects.get(pk=row.pk)


def attempts(row: Delivery) -> list[str]:
    return list(row.attempts.values_list("outcome", flat=True))


def test_what_is_due_is_sent_and_written_down() -> None:
    row = mail()
    outbox().settle(NOW + MINUTE, Hold())
    sent = now_of(row)
    assert (sent.outcome, sent.reached, sent.destinations) == (Outcome.SENT, [ALICE, BOB, CAROL], [])
    assert (sent.attempts_made, sent.finished_at) == (1, NOW + MINUTE)
    assert [(one.outcome, one.detail, one.at) for one in sent.attempts.all()] == [("accepted", "taken", NOW + MINUTE)]


def test_what_is_not_due_yet_waits() -> None:
    row = mail(next_attempt_at=NOW + MINUTE)
    outbox().settle(NOW, Hold())
    assert now_of(row).outcome == Outcome.WAITING


def test_nothing_is_sent_twice() -> None:
    mail()
    way = Way()
    sender = outbox(way)
    sender.settle(NOW, Hold())
    sender.settle(NOW, Hold())
    outbox(way).settle(NOW, Hold())
    assert len(way.parcels) == 1


def test_who_waited_longest_comes_first() -> None:
    rows = [mail(ALICE, next_attempt_at=NOW - MINUTE * age) for age in (1, 3, 2)]
    way = Way()
    Outbox({Channel.MAIL: way}, at_once=1).settle(NOW, Hold())
    assert [parcel.id for parcel in way.parcels] == [rows[1].pk, rows[2].pk, rows[0].pk]


def test_before_anything_goes_out_the_attempt_is_written_down() -> None:
    row = mail()
    gate = Gate()
    sender = outbox(gate)
    sender.deliver_due(NOW, Hold(), wait=0)
    assert gate.entered.acquire(timeout=10)
    assert now_of(row).outcome == Outcome.SENDING
    assert attempts(row) == ["sending"]
    gate.opened.set()
    sender.settle(NOW, Hold())
    assert attempts(row) == ["accepted"]


def test_who_was_not_reached_is_tried_again_and_nobody_else() -> None:
    row = mail()
    answers = [Result(reached=(ALICE,), detail="a part"), Result(reached=(BOB, CAROL))]
    way = Way(lambda parcel: answers[len(way.parcels) - 1])
    sender = outbox(way)
    sender.settle(NOW, Hold())
    half = now_of(row)
    assert (half.outcome, half.reached, half.destinations) == (Outcome.WAITING, [ALICE], [BOB, CAROL])
    sender.settle(NOW + MINUTE, Hold())
    assert way.parcels[1].destinations == (BOB, CAROL)
    assert now_of(row).outcome == Outcome.SENT
    assert now_of(row).reached == [ALICE, BOB, CAROL]
    assert attempts(row) == ["partly", "accepted"]


def test_who_refuses_for_good_is_not_tried_again_and_does_not_hold_up_the_others() -> None:
    row = mail()
    outbox(Way(lambda parcel: Result(reached=(ALICE, CAROL), refused={BOB: "550 no"}))).settle(NOW, Hold())
    sent = now_of(row)
    assert (sent.outcome, sent.reached) == (Outcome.SENT, [ALICE, CAROL])
    assert sent.content["refused"] == {BOB: "550 no"}


def test_if_all_refuse_it_is_given_up_at_once() -> None:
    row = mail(ALICE)
    outbox(Way(lambda parcel: Result(refused={ALICE: "550 no"}, detail="550 no"))).settle(NOW, Hold())
    dead = now_of(row)
    assert (dead.outcome, dead.finished_at) == (Outcome.DEAD, NOW)
    assert attempts(row) == ["refused"]


def test_waits_double_up_to_an_hour() -> None:
    minutes = [wait_after(number) / MINUTE for number in range(1, 10)]
    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_all_waits_together_are_about_a_day() -> None:
    total = sum((wait_after(number) for number in range(1, MOST_ATTEMPTS)), timedelta())
    assert timedelta(hours=23) < total < timedelta(hours=25)


@pytest.mark.parametrize(("asked", "minutes"), [(0, 1), (300, 5), (1e12, 60), (None, 1)])
def test_a_wait_that_is_asked_for_is_heeded_up_to_an_hour(asked: float | None, minutes: int) -> None:
    assert wait_after(1, asked) == timedelta(minutes=minutes)
    row = waiting(Channel.WEBHOOK, [HOOK])
    outbox(hooks=Way(lambda parcel: Result(wait=asked))).settle(NOW, Hold())
    assert now_of(row).next_attempt_at == NOW + timedelta(minutes=minutes)


def test_what_fails_for_a_day_is_given_up_and_stays_to_be_seen(caplog: pytest.LogCaptureFixture) -> None:
    row, now = mail(ALICE), NOW
    sender = outbox(Way(lambda parcel: Result(detail="no answer")))
    for _ in range(MOST_ATTEMPTS):
        assert now_of(row).outcome == Outcome.WAITING
        now = max(now_of(row).next_attempt_at, now)
        sender.settle(now, Hold())
    dead = now_of(row)
    assert (dead.outcome, dead.attempts_made, dead.destinations) == (Outcome.DEAD, MOST_ATTEMPTS, [ALICE])
    assert timedelta(hours=23) < now - NOW < timedelta(hours=25)
    assert row.attempts.count() == MOST_ATTEMPTS
    assert "given up" in caplog.text
    sender.settle(now + LONGEST * 3, Hold())
    assert row.attempts.count() == MOST_ATTEMPTS


def test_others_need_not_wait_long_where_some_were_reached() -> None:
    row = mail(attempts_made=8)
    outbox(Way(lambda parcel: Result(reached=(ALICE,)))).settle(NOW, Hold())
    assert now_of(row).next_attempt_at == NOW + MINUTE


def test_a_clock_that_was_ahead_puts_nothing_off_for_long() -> None:
    row = mail(next_attempt_at=NOW + timedelta(days=30))
    outbox().settle(NOW, Hold())
    assert now_of(row).outcome == Outcome.SENT


def test_a_way_that_breaks_down_counts_as_a_failure_that_may_pass() -> None:
    def broken(parcel: Parcel) -> Result:
        raise RuntimeError("a fault of ours")

    row = mail(ALICE)
    outbox(Way(broken)).settle(NOW, Hold())
    assert now_of(row).outcome == Outcome.WAITING
    assert row.attempts.get().detail == "RuntimeError: a fault of ours"


def test_without_a_mail_server_messages_wait_and_say_why() -> None:
    row = mail(ALICE)
    Outbox.of(settings_for("http://127.0.0.1:9/swf-monitor")).settle(NOW, Hold())
    assert now_of(row).outcome == Outcome.WAITING
    assert "SWF_REMOTE_EMAIL_HOST" in row.attempts.get().detail


def test_mail_goes_into_files_in_the_order_of_time(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    rows = [mail(ALICE, created_at=NOW + MINUTE * number) for number in (2, 0, 1)]
    settings = settings_for("http://127.0.0.1:9/swf-monitor", email_folder=folder)
    Outbox.of(settings).settle(NOW, Hold())
    names = [file.name for file in sorted(folder.iterdir())]
    times = ["20261129T031400Z", "20261129T031500Z", "20261129T031600Z"]
    assert names == [f"{time}-{rows[at].pk}.eml" for time, at in zip(times, (1, 2, 0), strict=True)]
    assert b"Subject: [warning] failures: 1 new" in (folder / names[0]).read_bytes()


def test_the_same_mail_again_is_the_same_file(tmp_path: Path) -> None:
    row = mail(ALICE)
    sender = Outbox({Channel.MAIL: MailFolder(tmp_path)}, patience=0)
    sender.settle(NOW, Hold())
    Delivery.objects.filter(pk=row.pk).update(outcome=Outcome.SENDING, destinations=[ALICE])
    sender.settle(NOW + MINUTE, Hold())
    assert row.attempts.count() == 2
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file")
    row = mail(ALICE)
    Outbox.of(settings_for("http://127.0.0.1:9/swf-monitor", email_folder=tmp_path / "mail" / "x")).settle(NOW, Hold())
    assert now_of(row).outcome == Outcome.WAITING


def test_the_settings_make_an_outbox_that_speaks_to_the_server() -> None:
    row = mail()
    with mail_server() as box:
        settings = settings_for(
            "http://127.0.0.1:9/swf-monitor", email_host="127.0.0.1", email_port=box.port, email_tls="off"
        )
        Outbox.of(settings).settle(NOW, Hold())
    assert now_of(row).outcome == Outcome.SENT
    assert box.recipients() == [ALICE, BOB, CAROL]


def test_the_outbox_of_the_settings_posts_to_no_address_inside() -> None:
    with web_server() as hook:
        row = waiting(Channel.WEBHOOK, [hook.url])
        settings = settings_for("http://127.0.0.1:9/swf-monitor", webhook_hosts=f"http://127.0.0.1:{hook.port}")
        Outbox.of(settings).settle(NOW, Hold())
        assert hook.connections == 0
    assert now_of(row).outcome == Outcome.DEAD


def test_a_slow_mail_server_holds_up_no_webhook() -> None:
    for _ in range(20):
        mail(ALICE, next_attempt_at=NOW - MINUTE)
    row = waiting(Channel.WEBHOOK, [HOOK])
    gate = Gate()
    sender = outbox(gate)
    while now_of(row).outcome != Outcome.SENT:
        sender.deliver_due(NOW, Hold(), wait=0.1)
    assert len(gate.parcels) == 4
    gate.opened.set()
    sender.settle(NOW, Hold())


def test_a_slow_webhook_holds_up_no_other() -> None:
    for _ in range(20):
        waiting(Channel.WEBHOOK, [HOOK], next_attempt_at=NOW - MINUTE)
    row = waiting(Channel.WEBHOOK, [f"{HOOK}/other"])
    gate, quick = Gate(), Way()
    sender = outbox(hooks=Way(lambda parcel: (gate if parcel.destinations[0] == HOOK else quick).deliver(parcel)))
    while now_of(row).outcome != Outcome.SENT:
        sender.deliver_due(NOW, Hold(), wait=0.1)
    assert len(gate.parcels) == 1
    gate.opened.set()
    sender.settle(NOW, Hold())
    assert not Delivery.objects.exclude(outcome=Outcome.SENT).exists()


def test_it_says_whether_there_was_anything_to_do() -> None:
    sender = outbox()
    assert not sender.deliver_due(NOW, Hold(), wait=0)
    mail(ALICE)
    assert sender.deliver_due(NOW, Hold(), wait=0)


def test_without_the_hold_nothing_begins() -> None:
    row, way = mail(ALICE), Way()
    sender = outbox(way)
    with pytest.raises(LostError):
        sender.settle(NOW, Hold(is_lost=True))
    assert way.parcels == []
    assert (now_of(row).outcome, now_of(row).attempts_made, attempts(row)) == (Outcome.WAITING, 0, [])
    sender.settle(NOW, Hold())
    assert now_of(row).outcome == Outcome.SENT


def test_an_idle_outbox_does_not_touch_the_hold() -> None:
    hold = Hold()
    outbox().settle(NOW, hold)
    assert hold.checks == 0


def test_what_ends_after_the_hold_was_lost_is_written_down_all_the_same() -> None:
    row, gate = mail(ALICE), Gate()
    sender, hold = outbox(gate), Hold()
    sender.deliver_due(NOW, hold, wait=0)
    hold.is_lost = True
    gate.opened.set()
    sender.close(NOW, 10)
    assert now_of(row).outcome == Outcome.SENT


def test_what_a_dead_process_was_sending_goes_again() -> None:
    row = mail(ALICE)
    first = outbox(Gate())
    first.deliver_due(NOW, Hold(), wait=0)
    way = Way()
    outbox(way).settle(NOW + MINUTE, Hold())
    assert now_of(row).outcome == Outcome.SENT
    assert attempts(row) == ["interrupted", "accepted"]
    assert [parcel.id for parcel in way.parcels] == [row.pk]


def test_who_lives_and_could_not_write_it_down_has_time_to_do_so() -> None:
    row, way, gate = mail(ALICE), Way(), Gate()
    first = outbox(gate)
    first.deliver_due(NOW, Hold(), wait=0)
    # The database was gone for so long that another process took over; it does not take up anything at once.
    second = Outbox({Channel.MAIL: way})
    second.deliver_due(NOW, Hold(), wait=0)
    assert now_of(row).outcome == Outcome.SENDING
    gate.opened.set()
    first.close(NOW, 10)
    second.deliver_due(NOW, Hold(), wait=0)
    assert now_of(row).outcome == Outcome.SENT
    assert way.parcels == []


def test_settling_waits_until_what_was_left_behind_may_be_taken_up() -> None:
    row = mail(ALICE)
    outbox(Gate()).deliver_due(NOW, Hold(), wait=0)
    Outbox({Channel.MAIL: Way()}, patience=0.2).settle(NOW, Hold())
    assert attempts(row) == ["interrupted", "accepted"]


def test_what_this_process_is_sending_is_not_taken_up_again() -> None:
    row, gate = mail(ALICE), Gate()
    sender = outbox(gate)
    for _ in range(3):
        sender.deliver_due(NOW, Hold(), wait=0)
    assert len(gate.parcels) == 1
    gate.opened.set()
    sender.settle(NOW, Hold())
    assert attempts(row) == ["accepted"]


def test_an_attempt_that_was_thought_dead_and_succeeds_is_not_repeated_knowingly() -> None:
    row, gate = mail(ALICE), Gate()
    slow = outbox(gate)
    slow.deliver_due(NOW, Hold(), wait=0)
    other = Way()
    # Another process takes it up; before it sends, the first one learns that it was taken.
    Outbox({}, patience=0).deliver_due(NOW, Hold(), wait=0)
    assert now_of(row).outcome == Outcome.WAITING
    gate.opened.set()
    slow.close(NOW, 10)
    outbox(other).settle(NOW, Hold())
    assert other.parcels == []
    assert now_of(row).outcome == Outcome.SENT
    assert attempts(row) == ["accepted"]


def test_an_attempt_that_was_thought_dead_does_not_disturb_the_next_one() -> None:
    row, slow_gate, gate = mail(ALICE, BOB), Gate(), Gate()
    slow, other = outbox(slow_gate), outbox(gate)
    slow.deliver_due(NOW, Hold(), wait=0)
    other.deliver_due(NOW, Hold(), wait=0)
    slow_gate.opened.set()
    slow.close(NOW, 10)
    assert now_of(row).outcome == Outcome.SENDING
    gate.opened.set()
    other.settle(NOW, Hold())
    assert (now_of(row).outcome, now_of(row).reached) == (Outcome.SENT, [ALICE, BOB])


def test_an_outcome_that_could_not_be_written_down_is_kept_until_it_can() -> None:
    row, way = mail(ALICE), Way()
    sender, is_down = outbox(way), [False]

    def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if is_down[0]:
            raise DatabaseError("the database is gone")
        return execute(sql, params, many, context)

    gate = Gate()
    sender = outbox(gate)
    with connection.execute_wrapper(fail):
        sender.deliver_due(NOW, Hold(), wait=0)
        is_down[0] = True
        gate.opened.set()
        for _ in range(3):
            with pytest.raises(DatabaseError):
                while True:
                    sender.deliver_due(NOW, Hold(), wait=1)
        is_down[0] = False
        sender.settle(NOW, Hold())
    assert now_of(row).outcome == Outcome.SENT
    assert len(gate.parcels) == 1
    assert attempts(row) == ["accepted"]


def test_closing_waits_for_what_is_under_way() -> None:
    row = mail(ALICE)
    sender = outbox()
    sender.deliver_due(NOW, Hold(), wait=0)
    sender.close(NOW, 10)
    assert now_of(row).outcome == Outcome.SENT


def test_closing_does_not_wait_for_ever() -> None:
    row, gate = mail(ALICE), Gate()
    sender = outbox(gate)
    sender.deliver_due(NOW, Hold(), wait=0)
    sender.close(NOW, 0.05)
    assert now_of(row).outcome == Outcome.SENDING
    gate.opened.set()


def test_a_delivery_that_was_deleted_meanwhile_is_no_fault() -> None:
    row, gate = mail(ALICE), Gate()
    sender = outbox(gate)
    sender.deliver_due(NOW, Hold(), wait=0)
    Delivery.objects.filter(pk=row.pk).delete()
    gate.opened.set()
    sender.settle(NOW, Hold())


def test_logs_hold_no_address(caplog: pytest.LogCaptureFixture) -> None:
    mail()
    waiting(Channel.WEBHOOK, [f"{HOOK}/secret"])
    with caplog.at_level("DEBUG", logger="swf_remote.alarms"):
        outbox(Way(lambda parcel: Result(reached=(ALICE,), refused={BOB: "550"}))).settle(NOW, Hold())
    assert "taken by 1, refused by 1" in caplog.text
    assert "lab.example" not in caplog.text
    assert "secret" not in caplog.text
