"""What ``swf-remote check`` says about settings that work, but that an operator should know of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.core.checks import CheckMessage, Warning, register

from swf_remote.configuration import Configuration, configuration
from swf_remote.configuration_rules import is_loopback
from swf_remote.proxy.policy.exposure import Exposure
from swf_remote.proxy.policy.routes import Route, exposure
from swf_remote.proxy.policy.rows import EVERY


@register()
def the_link_is_safe(**_options: Any) -> Sequence[CheckMessage]:
    """Warnings about how the monitor is reached and proves who it is."""
    return warnings_for(configuration())


@register()
def the_table_guards_the_monitor(**_options: Any) -> Sequence[CheckMessage]:
    """Warnings about what an operator's own exposure table lets through."""
    return table_warnings(exposure())


def warnings_for(settings: Configuration) -> list[CheckMessage]:
    """One warning per doubtful setting."""
    parts = urlsplit(settings.monitor_url)
    local = is_loopback(parts.hostname or "")
    found: list[CheckMessage] = []
    if parts.scheme == "https" and settings.monitor_tls_verify == "off":
        found.append(
            Warning(
                "The monitor's certificate is NOT checked (SWF_REMOTE_MONITOR_TLS_VERIFY=off).",
                hint="Whoever holds the tunnel's far end can read and change everything. Use MONITOR_CA_FILE instead.",
                id="swf_remote.W001",
            )
        )
    if parts.scheme == "https" and settings.monitor_tls_verify == "on" and local and not settings.monitor_host:
        found.append(
            Warning(
                "SWF_REMOTE_MONITOR_URL ends on this machine, but SWF_REMOTE_MONITOR_HOST is not set.",
                hint="Set it to the monitor's own name: its certificate bears it, and it refuses other Host headers.",
                id="swf_remote.W002",
            )
        )
    if parts.scheme == "http" and not local:
        found.append(
            Warning(
                "SWF_REMOTE_MONITOR_URL sends everything, names of users included, unencrypted to another machine.",
                hint="Use https, or a tunnel that begins on this machine.",
                id="swf_remote.W003",
            )
        )
    return found


def table_warnings(table: Exposure) -> list[CheckMessage]:
    """One warning per kind of row that is not for a monitor in use."""
    open_rows = [route for route in table.routes if route.anonymous_writes]
    passing = [route for route in table.routes if EVERY in route.headers]
    found: list[CheckMessage] = []
    if open_rows:
        found.append(
            Warning(
                f"ANYBODY, FROM ANY SITE, MAY WRITE THROUGH THIS GATEWAY: anonymous_writes in {_rows(open_rows)}.",
                hint="The monitor runs what comes without a name under an account with rights. Use such a table only "
                "in front of a server for tests.",
                id="swf_remote.W004",
            )
        )
    if passing:
        found.append(
            Warning(
                f'Readers choose which request headers the server behind hears: headers = "*" in {_rows(passing)}.',
                hint="Name the headers that the pages need.",
                id="swf_remote.W005",
            )
        )
    return found


def _rows(routes: Sequence[Route]) -> str:
    return ", ".join(f"row {route.number} ({route.pattern})" for route in routes)
