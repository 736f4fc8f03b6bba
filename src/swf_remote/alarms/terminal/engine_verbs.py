"""`tick` and `run`: the engine."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from types import FrameType

from django.db import DatabaseError

from swf_remote.alarms.engine import running
from swf_remote.alarms.engine.lease import LeaseLostError
from swf_remote.alarms.models import Evaluation, Lease, Tick
from swf_remote.alarms.rest.shapes import evaluation_shape, tick_shape
from swf_remote.configuration import configuration
from swf_remote.web.moments import ago, stamp

from .verbs import Code, Options, Out, TerminalError, Verb, json_argument

LEASE = "engine"


def _tick_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--no-delivery", action="store_true", help="leave the messages to others")
    json_argument(parser)


def _tick(options: Options, out: Out) -> Code:
    try:
        held, tick = running.tick_once(configuration())
        if not held:
            return _held_elsewhere(out)
        delivered = not options["no_delivery"] and running.deliver_now(configuration())
    except LeaseLostError:
        raise TerminalError("Another engine took over in the middle of it; it does the rest.", Code.FOUND) from None
    except DatabaseError as error:
        raise TerminalError(f"The database does not answer: {error}", Code.FOUND) from None
    if tick is None:
        out.say("No alarm was due.")
        out.tell({"held": True, "tick": None, "delivered": delivered})
        return Code.GOOD
    return _told(tick, delivered, out)


def _held_elsewhere(out: Out) -> Code:
    row = Lease.objects.filter(name=LEASE).first()
    holder = row.holder if row else ""
    seen = f", last heard {ago(row.renewed_at)}" if row and row.renewed_at else ""
    out.say(f"Another engine is at work ({holder or 'unknown'}{seen}); nothing was done here.")
    out.tell({"held": False, "holder": holder, "tick": None})
    return Code.GOOD


def _told(tick: Tick, delivered: bool, out: Out) -> Code:
    rows = list(Evaluation.objects.filter(tick=tick).select_related("alarm").order_by("alarm__name"))
    missed = f"; {tick.missed} missed before it" if tick.missed else ""
    out.say(
        f"Tick of {stamp(tick.slot)}{missed}: {tick.due} due, {tick.evaluated} evaluated, {tick.failed} failed, "
        f"{tick.matches} matches, {tick.deliveries} messages{' (delivered)' if delivered and tick.deliveries else ''}.",
        *[_line(row) for row in rows],
    )
    evaluations = [evaluation_shape(row) for row in rows]
    shape = {**tick_shape(tick, signed_in=True), "evaluations": evaluations}
    out.tell({"held": True, "tick": shape, "delivered": delivered})
    return Code.FOUND if tick.failed else Code.GOOD


def _line(row: Evaluation) -> str:
    if row.error:
        return f"  {row.alarm.name}: failed: {row.error}"
    told = f"{len(row.new)} new, {len(row.continuing)} still firing, {len(row.cleared)} over"
    told += f", {len(row.escalated)} escalated" if row.escalated else ""
    return f"  {row.alarm.name}: {row.matches} matches; told: {told}"


def _run_arguments(_parser: ArgumentParser) -> None:
    pass


def _run(_options: Options, out: Out) -> Code:
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {one: signal.signal(one, end) for one in (signal.SIGTERM, signal.SIGINT)}
    out.say("The engine of the alarms runs; SIGTERM or Ctrl-C ends it.")
    out.stream.flush()
    try:
        running.run(configuration(), stop)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    out.say("The engine of the alarms has ended.")
    return Code.GOOD


TICK = Verb(
    "tick",
    "evaluate the alarms that are due, once",
    "Evaluate the alarms that are due now, and deliver what is to be told. Where another engine is at work nothing is "
    "done, and that is no failure. Exit code: 0, or 1 if an alarm could not be evaluated.",
    _tick_arguments,
    _tick,
)
RUN = Verb(
    "run",
    "be the engine until SIGTERM",
    "Evaluate alarms at each full minute and deliver messages until SIGTERM or Ctrl-C; what is under way is finished "
    "first. Any number may run, on any number of hosts: one works, another takes over when it dies. Exit code: 0.",
    _run_arguments,
    _run,
)
