"""What ``swf-remote check`` says about settings that work, but that an operator should know of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.core.checks import CheckMessage, Warning, register

from swf_remote.configuration import Configuration, configuration
from swf_remote.configuration_rules import is_loopback


@register()
def the_link_is_safe(**_options: Any) -> Sequence[CheckMessage]:
    """Warnings about how the monitor is reached and proves who it is."""
    return warnings_for(configuration())


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
