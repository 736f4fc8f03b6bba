"""`events`, `acknowledge` and `silence`: what people do."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from swf_remote.alarms import acting
from swf_remote.alarms.models import Event, Severity, Silence
from swf_remote.alarms.rest.shapes import event_shape, silence_shape
from swf_remote.alarms.selection import STATES, SUBJECTS, SelectionError, read_selection
from swf_remote.web.moments import stamp

from .verbs import Code, Options, Out, TerminalError, Verb, by_argument, json_argument, name_of

WORDS = ("hours", "state", "alarm", "severity", *SUBJECTS, "q")


def _events_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--hours", default="", help="open in the last so many hours (default: 24)")
    parser.add_argument("--state", default="", choices=["", *STATES], metavar="STATE", help=", ".join(STATES))
    parser.add_argument("--alarm", default="", metavar="NAME", help="of this alarm")
    parser.add_argument("--severity", default="", choices=["", *Severity.values], metavar="SEVERITY")
    for subject in SUBJECTS:
        parser.add_argument(f"--{subject}", default="", metavar="NAME", help=f"about this {subject}")
    parser.add_argument("--search", default="", dest="q", metavar="WORDS", help="with these words in the subject")
    parser.add_argument("--limit", type=int, default=100, help="at most so many (default: %(default)s)")
    json_argument(parser)


def _events(options: Options, out: Out) -> Code:
    try:
        selection = read_selection({name: options[name] for name in WORDS})
    except SelectionError as error:
        raise TerminalError(str(error)) from None
    found = list(selection.events(timezone.now())[: max(options["limit"], 1)])
    out.tell([event_shape(event) for event in found])
    if not found:
        out.say("There are no such events.")
        return Code.GOOD
    rows = [(event.pk, event.state, event.severity, stamp(event.first_seen), event.subject) for event in found]
    out.table(("ID", "STATE", "SEVERITY", "SINCE", "SUBJECT"), rows)
    return Code.GOOD


def _acknowledge_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("event", nargs="+", help="identifiers, as `events` shows them")
    parser.add_argument("--note", default="", help="why, or what is done about it")
    parser.add_argument("--withdraw", action="store_true", help="nobody looks after them any more")
    by_argument(parser)
    json_argument(parser)


def _acknowledge(options: Options, out: Out) -> Code:
    by, done, refused = name_of(options), [], 0
    for key in options["event"]:
        try:
            if options["withdraw"]:
                event = acting.withdraw_acknowledgement(key, by, timezone.now())
            else:
                event = acting.acknowledge(key, by, timezone.now(), options["note"])
        except Event.DoesNotExist:
            refused += 1
            out.say(f"{key}: there is no such event")
        except acting.RefusedActionError as error:
            refused += 1
            out.say(f"{key}: {error}")
        else:
            done.append(Event.objects.select_related("alarm").get(pk=event.pk))
            out.say(f"{key}: {event.state}")
    out.tell({"events": [event_shape(event) for event in done], "refused": refused})
    return Code.FOUND if refused else Code.GOOD


def _silence_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("matchers", nargs="?", default="", help='such as site="BNL_*", or task=4711')
    parser.add_argument("--reason", default="", help="why; is shown to everybody")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--hours", type=float, help="for so long (default: 1)")
    length.add_argument("--until", metavar="TIME", help="such as 2026-11-29T18:00Z; UTC where it names no zone")
    parser.add_argument("--end", metavar="ID", help="end this silence now")
    parser.add_argument("--list", action="store_true", dest="shown", help="show those that hold, or will")
    by_argument(parser)
    json_argument(parser)


def _silence(options: Options, out: Out) -> Code:
    now = timezone.now()
    if options["shown"]:
        return _silences(now, out)
    try:
        if options["end"]:
            found = acting.end_silence(options["end"], now)
            out.say(f"{found.pk}: ended")
        else:
            found = acting.silence(options["matchers"], options["reason"], _end(options, now), name_of(options), now)
            out.say(f"{found.pk}: nobody is told of {found.matchers} until {stamp(found.ends_at)}")
    except acting.RefusedActionError as error:
        raise TerminalError(str(error)) from None
    except Silence.DoesNotExist:
        raise TerminalError(f"There is no silence {options['end']!r}.") from None
    out.tell(silence_shape(found, now))
    return Code.GOOD


def _silences(now: datetime, out: Out) -> Code:
    found = list(Silence.objects.filter(ends_at__gt=now).order_by("ends_at"))
    out.tell([silence_shape(one, now) for one in found])
    if not found:
        out.say("Nothing is silenced.")
        return Code.GOOD
    rows = [(one.pk, stamp(one.ends_at), one.created_by, one.matchers, one.reason) for one in found]
    out.table(("ID", "UNTIL", "BY", "MATCHERS", "REASON"), rows)
    return Code.GOOD


def _end(options: Options, now: datetime) -> datetime:
    if options["until"] is None:
        hours = 1.0 if options["hours"] is None else options["hours"]
        if not 0 < hours <= acting.LONGEST_SILENCE.total_seconds() / 3600:
            raise TerminalError(f"--hours is above 0 and at most {acting.LONGEST_SILENCE.days * 24}.")
        return now + timedelta(hours=hours)
    try:
        found = datetime.fromisoformat(options["until"])
    except ValueError:
        raise TerminalError(f"--until is {options['until']!r}: give a time such as 2026-11-29T18:00Z.") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


EVENTS = Verb(
    "events",
    "show events",
    "Show events, newest first. Exit code: 0.",
    _events_arguments,
    _events,
)
ACKNOWLEDGE = Verb(
    "acknowledge",
    "say that somebody looks after events",
    "Say that somebody looks after events that fire: nobody is told of them again while they do. Exit code: 0, or 1 if "
    "it could not be done for one of them.",
    _acknowledge_arguments,
    _acknowledge,
)
SILENCE = Verb(
    "silence",
    "tell nobody of matching events for a time",
    "Tell nobody of events that match; they are recorded all the same. Exit code: 0.",
    _silence_arguments,
    _silence,
)
