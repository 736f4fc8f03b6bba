"""`list`, `test` and `backtest`: alarms."""

from __future__ import annotations

from argparse import ArgumentParser

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from swf_remote.alarms.acting import RefusedActionError
from swf_remote.alarms.backtest.replay import backtest
from swf_remote.alarms.configuring import RefusedError, check
from swf_remote.alarms.delivery.formats import shown
from swf_remote.alarms.editing.looking import look
from swf_remote.alarms.engine import running
from swf_remote.alarms.models import Alarm, Channel, Delivery, Outcome, State
from swf_remote.alarms.rest.alarms import open_events
from swf_remote.alarms.rest.shapes import alarm_shape, delivery_shape, state_of
from swf_remote.alarms.rest.trials import backtest_shape, look_shape
from swf_remote.alarms.testing import send_test
from swf_remote.configuration import configuration
from swf_remote.web.moments import stamp

from .verbs import Code, Options, Out, TerminalError, Verb, by_argument, find_alarm, json_argument, name_of

MOST_DAYS = 30
BUDGET_SECONDS = 120.0


def _list_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--archived", action="store_true", help="those that were archived")
    json_argument(parser)


def _list(options: Options, out: Out) -> Code:
    alarms = list(Alarm.objects.filter(archived=options["archived"]).select_related("owner").order_by("name"))
    counts = open_events()
    out.tell([alarm_shape(one, AnonymousUser(), True, counts.get(one.pk, {})) for one in alarms])
    if not alarms:
        out.say("There are no such alarms.")
        return Code.GOOD
    rows = []
    for alarm in alarms:
        number = counts.get(alarm.pk, {})
        fires, held = number.get(State.FIRING, 0), number.get(State.ACKNOWLEDGED, 0)
        looked = stamp(alarm.evaluated_at) if alarm.evaluated_at else "never"
        rows.append((alarm.name, state_of(alarm, number), alarm.severity, fires, held, looked, alarm.title))
    out.table(("NAME", "STATE", "SEVERITY", "FIRING", "ACKNOWLEDGED", "EVALUATED", "TITLE"), rows)
    return Code.GOOD


def _test_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("name", help="the alarm")
    parser.add_argument("--send", action="store_true", help="send its people a message that is marked as a test, too")
    by_argument(parser)
    json_argument(parser)


def _test(options: Options, out: Out) -> Code:
    alarm = _valid(options["name"])
    found = look(alarm, timezone.now())
    if found.trouble:
        raise TerminalError("\n".join(f"{query}: {why}" for query, why in found.trouble))
    beyond = f", {found.outside} more beyond its scope" if found.outside else ""
    out.say(f"{alarm.name} matches {found.count} now{beyond} ({found.seconds:.1f} s).")
    out.say(*[f"  {one.fingerprint}  {one.metric}  {one.subject}" for one in found.matches])
    if found.more:
        out.say(f"  and {found.more} more")
    sent = _send(alarm, name_of(options), out) if options["send"] else []
    out.tell({**look_shape(found), "deliveries": [delivery_shape(one, False) for one in sent]})
    return Code.FOUND if found.count else Code.GOOD


def _send(alarm: Alarm, by: str, out: Out) -> list[Delivery]:
    try:
        made = send_test(alarm, by, timezone.now())
    except RefusedActionError as error:
        raise TerminalError(str(error)) from None
    by_others = not running.deliver_now(configuration())
    found = list(Delivery.objects.filter(pk__in=[one.pk for one in made]).select_related("alarm"))
    for one in found:
        where = one.destinations or one.reached
        names = ", ".join(map(str, where)) if one.channel == Channel.MAIL else shown(str(where[0]))
        waits = " (another process delivers it)" if by_others and one.outcome == Outcome.WAITING else ""
        out.say(f"test by {one.channel} to {names}: {one.outcome}{waits}")
    return found


def _backtest_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("name", help="the alarm")
    parser.add_argument("--days", type=int, default=7, help=f"how far back, 1 to {MOST_DAYS} (default: %(default)s)")
    json_argument(parser)


def _backtest(options: Options, out: Out) -> Code:
    if not 1 <= options["days"] <= MOST_DAYS:
        raise TerminalError(f"--days is from 1 to {MOST_DAYS}.")
    alarm = _valid(options["name"])
    found = backtest(alarm, options["days"], timezone.now(), budget_seconds=BUDGET_SECONDS)
    out.say(*found.words())
    for one in found.episodes:
        end = stamp(one.resolved_at) if one.resolved_at else "the end"
        out.say(f"  {stamp(one.fired_at)} to {end}  {one.fingerprint}  {one.subject}")
    out.tell(backtest_shape(found))
    return Code.FOUND if found.unsupported or found.sees_since is None else Code.GOOD


def _valid(name: str) -> Alarm:
    alarm = find_alarm(name)
    try:
        check(alarm)
    except RefusedError as error:
        raise TerminalError(f"{name} cannot be tried: {error}") from None
    return alarm


LIST = Verb(
    "list",
    "show all alarms",
    "Show all alarms, by name, and how they fare. Exit code: 0.",
    _list_arguments,
    _list,
)
TEST = Verb(
    "test",
    "say what an alarm matches now",
    "Ask the monitor, and say what the alarm matches now; nothing is written, and nobody is told without --send. Exit "
    "code: 0 if nothing matches, 1 if something does, 2 if it cannot be said.",
    _test_arguments,
    _test,
)
BACKTEST = Verb(
    "backtest",
    "say what an alarm would have done",
    "Try the alarm on the ticks that are kept, and say what it would have done. Exit code: 0, or 1 if it cannot be "
    "tried.",
    _backtest_arguments,
    _backtest,
)
