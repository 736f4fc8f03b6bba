"""``swf-remote check``: Django's checks, and with ``--live`` a look at the monitor through the configured link."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.check import Command as DjangoCheck

from swf_remote.configuration import Configuration, configuration
from swf_remote.operations.live import LiveReport, look
from swf_remote.proxy.link import Proof
from swf_remote.proxy.policy.routes import exposure
from swf_remote.proxy.trust import OFF_WARNING


class Command(DjangoCheck):
    """Adds ``--live``."""

    help = "Check the settings; with --live also the link, and what the monitor offers against the exposure table."

    def add_arguments(self, parser: CommandParser) -> None:
        """Django's own, and ``--live``."""
        super().add_arguments(parser)
        parser.add_argument("--live", action="store_true", help="ask the monitor, too; reads a few of its pages")

    def handle(self, *app_labels: list[str], **options: Any) -> None:
        """Check.

        Raises:
            CommandError: the settings are wrong, the monitor does not answer, or it and the table have drifted apart.
        """
        super().handle(*app_labels, **options)
        if options["live"]:
            settings = configuration()
            report = asyncio.run(look(settings, exposure()))
            for line in told(report, settings):
                self.stdout.write(line)
            if not report.is_good:
                raise CommandError(report.fault or "the monitor and the exposure table have drifted apart")


def told(report: LiveReport, settings: Configuration) -> Iterator[str]:
    """The report, line by line."""
    name = f" as {settings.monitor_host}" if settings.monitor_host else ""
    yield f"monitor: {settings.monitor_url}{name}"
    if report.proof is Proof.NONE:
        yield f"TLS VERIFICATION IS OFF: {OFF_WARNING}"
    if report.fault:
        yield f"link: {report.fault}"
        return
    yield f"link: ok (proof of identity: {report.proof}), {report.pages} pages read, {len(report.linked)} links"
    for finding in report.findings:
        yield f"{finding.kind:<4}  {finding.path}  {finding.why}"
    yield f"exposure table: {len(report.findings)} difference(s) to what the monitor offers"
