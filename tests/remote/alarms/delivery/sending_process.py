"""A process that sends: ``prepare NUMBER`` makes the tables and so many mails, ``work PORT`` sends until none is left.

The settings are in the environment. Leases and patience are short, so that nobody waits long for the dead.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence

import django

PATIENCE, STALE, BEAT, TRY = 1.0, 2.0, 0.2, 0.2


def prepare(number: int) -> None:
    from django.core.management import call_command  # noqa: PLC0415

    from swf_remote.alarms.models import Channel  # noqa: PLC0415
    from tests.remote.alarms.delivery.news import mail_content, waiting  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    for one in range(number):
        waiting(Channel.MAIL, [f"person{one}@lab.example"], content=mail_content(f"mail{one}"))


def work(port: int) -> None:
    from django.utils import timezone  # noqa: PLC0415

    from swf_remote.alarms.delivery.sending import Outbox  # noqa: PLC0415
    from swf_remote.alarms.delivery.smtp import MailServer  # noqa: PLC0415
    from swf_remote.alarms.engine import holding, lease  # noqa: PLC0415
    from swf_remote.alarms.models import Channel, Delivery, Outcome  # noqa: PLC0415

    lease.STALE_SECONDS, lease.BEAT_SECONDS, holding.TRY_SECONDS = STALE, BEAT, TRY
    keeper = lease.LeaseKeeper("delivery", f"process {sys.argv}")
    ways = {Channel.MAIL: MailServer("127.0.0.1", port, "off", "gateway.example")}
    sender, stop = Outbox(ways, patience=PATIENCE), threading.Event()

    def step() -> float:
        is_busy = sender.deliver_due(timezone.now(), keeper, 0.2)
        if not Delivery.objects.filter(outcome__in=(Outcome.WAITING, Outcome.SENDING)).exists():
            stop.set()
        return 0.0 if is_busy else 0.05

    holding.work_while_held(keeper, step, stop)


def main(arguments: Sequence[str]) -> None:
    django.setup()
    {"prepare": prepare, "work": work}[arguments[0]](int(arguments[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
