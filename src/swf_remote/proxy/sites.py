"""The two sites a page lives on: the monitor's mount and names, and ours. Values only; settings are read elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
# Paths that the monitor returns without its mount, though they live below it (contract 3.5).
MOUNTLESS = ("/alarms/teams/",)


@dataclass(frozen=True, slots=True)
class Sites:
    """Where the same pages are found: behind us at `monitor_mount`, before us at `mount`."""

    mount: str = "/prod"
    """Our mount, without a slash at its end."""
    monitor_mount: str = "/swf-monitor"
    """The monitor's mount, without a slash at its end; never empty, since nothing would tell its URLs from others."""
    monitor_hosts: frozenset[str] = frozenset()
    """Names (``host`` or ``host:port``) by which the monitor speaks of itself in its headers."""
    dialled_hosts: frozenset[str] = frozenset()
    """The ones among them that mean nothing to a reader: where the tunnel ends. Mapped in bodies, too."""
    public_url: str = ""
    """Our own address as readers know it (``https://host/prod/``); empty when it is not set."""
    mountless: tuple[str, ...] = MOUNTLESS
    """Beginnings of paths that lack the mount in the monitor's JSON."""
    substitutes: str = ""
    """Where we serve our copies of public files (``/prod/assets/vendor/``); empty to leave pages theirs."""

    def __post_init__(self) -> None:
        for name in ("mount", "monitor_mount"):
            value = getattr(self, name)
            if not value.startswith("/") or value.endswith("/"):
                raise ValueError(f"{name} must begin with a slash and not end with one, not {value!r}")

    @classmethod
    def of(
        cls,
        *,
        monitor_url: str,
        monitor_host: str = "",
        mount: str = "/prod",
        public_url: str = "",
        substitutes: str = "",
    ) -> Self:
        """The sites of a gateway that dials `monitor_url` and calls the monitor `monitor_host` (its Host header).

        The name `monitor_host` stays in bodies: there it means "inside the laboratory" (contract 3.5). The dialled
        address does not, unless it is that very name.
        """
        parts = urlsplit(monitor_url)
        dialled = {parts.netloc.rpartition("@")[2].lower()}
        named = {monitor_host.lower()} - {""}
        return cls(
            mount=mount.rstrip("/"),
            monitor_mount=parts.path.rstrip("/"),
            monitor_hosts=frozenset(dialled | named),
            dialled_hosts=frozenset(host for host in dialled if host not in named or parts.hostname in LOOPBACK),
            public_url=public_url,
            substitutes=substitutes,
        )
