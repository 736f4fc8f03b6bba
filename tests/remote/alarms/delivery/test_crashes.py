"""The process dies at every step, one after the other: nothing is lost, and nothing is repeated knowingly.

A step is each statement to the database, before and after; each commit, before and after; and each attempt, before it
begins and after the receiver has accepted. A run counts the steps; then there is one run for each, which ends there,
and another process goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import transaction

from swf_remote.alarms.delivery.allowed import read_allowed
from swf_remote.alarms.delivery.connecting import anywhere
from swf_remote.alarms.delivery.outbox import enqueue
from swf_remote.alarms.delivery.sending import Outbox
from swf_remote.alarms.delivery.smtp import MailServer
from swf_remote.alarms.delivery.transports import Parcel, Result, Transport
from swf_remote.alarms.delivery.webhook import Webhooks
from swf_remote.alarms.models import Alarm, Attempt, Channel, Delivery, Outcome, Tick
from swf_remote.alarms.routing.news import News
from tests.remote.alarms.delivery.mail_servers import RESET, MailBox, mail_server
from tests.remote.alarms.delivery.news import NOW, event, saved_alarm, saved_tick
from tests.remote.alarms.delivery.senders import Hold
from tests.remote.alarms.delivery.stepping import Crash, Steps, die
from tests.remote.alarms.delivery.web_servers import RESET as CUT
from tests.remote.alarms.delivery.web_servers import WebHook, answer, web_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.once, pytest.mark.timeout(600)]

EVERYBODY = ["alice@lab.example", "bob@lab.example", "carol@lab.example"]


@dataclass
class Stepping:
    """A way with a step before and after each attempt."""

    inner: Transport
    steps: Steps

    def deliver(self, parcel: Parcel) -> Result:
        self.steps.step()
        result = self.inner.deliver(parcel)
        self.steps.step()
        return result


@dataclass
class World:
    """Real servers, and an alarm whose people are to be told once."""

    box: MailBox
    hook: WebHook
    alarm: Alarm
    tick: Tick
    news: News

    def decide(self) -> None:
        """What the engine does: it notes that it told, and puts it into the outbox, in one transaction."""
        with transaction.atomic():
            if Alarm.objects.filter(pk=self.alarm.pk, told_for=None).update(told_for=NOW):
                enqueue(self.alarm, self.tick, self.news, NOW)

    def outbox(self, steps: Steps) -> Outbox:
        """The outbox of a new process."""
        mail = MailServer("127.0.0.1", self.box.port, "off", "gateway.example")
        hooks = Webhooks(read_allowed(f"http://127.0.0.1:{self.hook.port}"), is_allowed=anywhere)
        return Outbox({Channel.MAIL: Stepping(mail, steps), Channel.WEBHOOK: Stepping(hooks, steps)}, patience=0)

    def live(self, steps: Steps) -> None:
        """One process, until all is done or it dies. Time goes on by an hour at a time."""
        self.decide()
        sender, now = self.outbox(steps), NOW
        while Delivery.objects.exclude(outcome__in=(Outcome.SENT, Outcome.DEAD)).exists():
            sender.settle(now, Hold())
            now += timedelta(hours=1)

    def accepted(self) -> dict[str, Counter[str]]:
        """How often each receiver accepted, by channel."""
        return {
            Channel.MAIL.value: Counter(self.box.recipients()),
            Channel.WEBHOOK.value: Counter(post.target for post in self.hook.accepted),
        }

    def recorded(self) -> dict[str, set[str]]:
        """Who is known to have it, by channel."""
        known: dict[str, set[str]] = {Channel.MAIL.value: set(), Channel.WEBHOOK.value: set()}
        for row in Delivery.objects.all():
            known[row.channel] |= {"/hook"} if row.reached and row.channel == Channel.WEBHOOK else set(row.reached)
        return known


@dataclass
class Scenario:
    """Servers that stay, and what they do wrong in each run."""

    box: MailBox
    hook: WebHook
    faults: Mapping[str, list[str]]
    answers: list[bytes]

    def begin(self) -> World:
        """As if nothing had been before."""
        Attempt.objects.all().delete()
        Delivery.objects.all().delete()
        Tick.objects.all().delete()
        Alarm.objects.all().delete()
        self.box.faults = {point: list(said) for point, said in self.faults.items()}
        self.hook.answers = list(self.answers)
        for seen in (self.box.taken, self.hook.posts, self.hook.accepted):
            seen.clear()  # type: ignore[attr-defined]
        alarm = saved_alarm(recipients=", ".join(EVERYBODY), webhooks=f"json {self.hook.url}")
        return World(self.box, self.hook, alarm, saved_tick(), News(new=[event()]))


def run(steps: Steps, scenario: Scenario) -> None:
    """One life that dies at the step, and one that goes on; and what has to hold then."""
    here = scenario.begin()
    unknown = Counter[tuple[str, str]]()
    with steps.watching():
        try:
            here.live(steps)
        except Crash:
            die()
            known = here.recorded()
            unknown = Counter(
                (channel, one) for channel, found in here.accepted().items() for one in set(found) - known[channel]
            )
    here.live(Steps())
    check(here, unknown, steps.has_died)


def check(here: World, unknown: Counter[tuple[str, str]], has_died: bool) -> None:
    """`unknown`: who had accepted when the process died, and it was not written down."""
    rows = {row.channel: row for row in Delivery.objects.all()}
    assert {channel: row.outcome for channel, row in rows.items()} == {"mail": "sent", "webhook": "sent"}
    accepted = here.accepted()
    assert set(accepted["mail"]) == set(EVERYBODY)
    assert set(accepted["webhook"]) == {"/hook"}
    for channel, found in accepted.items():
        for one, times in found.items():
            assert times == 1 + unknown[channel, one]
    assert {mail.message_id for mail in here.box.taken} == {f"<{rows['mail'].pk}@127.0.0.1>"}
    assert set(here.hook.keys()) == {rows["webhook"].pk}
    if not has_died:
        assert not Attempt.objects.filter(outcome="interrupted").exists()


SCENARIOS: dict[str, tuple[Mapping[str, list[str]], list[bytes]]] = {
    "all is well": ({}, []),
    "one recipient waits": ({"RCPT bob@lab.example": ["450 later"]}, [answer(503)]),
    "connections break": ({"DATA": [RESET]}, [CUT]),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_crash_at_any_step_loses_nothing_and_repeats_only_what_was_accepted_and_not_written_down(
    name: str,
) -> None:
    faults, answers = SCENARIOS[name]
    with mail_server() as box, web_server() as hook:
        scenario = Scenario(box, hook, faults, answers)
        whole = Steps()
        run(whole, scenario)
        assert whole.made > 60
        died = 0
        for last in range(1, whole.made + 1):
            steps = Steps(last)
            run(steps, scenario)
            died += steps.has_died
    # Which of the two ends first may change how many steps there are, by very few.
    assert died > whole.made - 10
