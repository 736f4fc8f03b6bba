"""Settings of the gateway, read from the environment (``SWF_REMOTE_*``) or a ``.env`` file, and checked at once.

A wrong or missing value is one line that names the setting and the way out. With DEBUG off, insecure values are
refused.
"""

from __future__ import annotations

import ipaddress
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from swf_remote.configuration_rules import problems_of
from swf_remote.proxy.capacity.budgets import Budgets, read_budgets

PREFIX = "SWF_REMOTE_"


class ConfigurationError(Exception):
    """The settings cannot be used; ``lines`` says why, one line per fault."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class Configuration(BaseSettings):
    """Every setting of the gateway; ``docs/configuration.md`` explains each, and a test compares the two."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
        str_strip_whitespace=True,
    )

    secret_key: str = Field(default="", description="signs sessions; at least 32 random characters")
    debug: bool = Field(default=False, description="Django's debug mode; never on a public host")
    allowed_hosts: str = Field(default="localhost,127.0.0.1", description="host names answered, separated by commas")
    force_script_name: str = Field(default="/prod", description="mount of every URL of the gateway")
    public_url: str = Field(default="", description="the gateway's address as readers type it, with the mount")
    trusted_proxies: str = Field(
        default="", description="addresses or networks of front proxies whose forwarding headers are believed"
    )
    static_url: str = Field(default="", description="where own static files are found; empty: <mount>/assets/")

    db_host: str = Field(default="", description="PostgreSQL host; empty: an SQLite file")
    db_port: int = Field(default=5432, ge=1, le=65535, description="PostgreSQL port")
    db_name: str = Field(default="", description="database name (swf_remote), or SQLite file (var/gateway.sqlite3)")
    db_user: str = Field(default="swf_remote", description="PostgreSQL user")
    db_password: str = Field(default="", description="PostgreSQL password", repr=False)

    monitor_url: str = Field(
        default="https://localhost:18443/swf-monitor", description="the monitor, at the tunnel's entrance on this host"
    )
    monitor_host: str = Field(
        default="", description="the monitor's own name: Host header, TLS server name and name in its certificate"
    )
    monitor_ca_file: Path | None = Field(default=None, description="PEM file of the authority behind its certificate")
    monitor_tls_verify: Literal["on", "off"] = Field(default="on", description="check the monitor's certificate")
    monitor_pin: str = Field(
        default="",
        description="its key as sha256/<base64> or its certificate as cert-sha256/<hex>; several by commas",
    )
    monitor_http2: Literal["auto", "off"] = Field(
        default="auto", description="HTTP/2 to a monitor behind https that offers it; off: HTTP/1.1 only"
    )
    monitor_jwt_key_file: Path | None = Field(
        default=None, description="PEM file of a private key; readers' names then also go to the monitor as signed JWTs"
    )
    monitor_token: str = Field(default="", description="service token for the monitor's event stream", repr=False)
    monitor_connections: int = Field(
        default=200, ge=2, description="most connections to the monitor at once, per process"
    )
    cache_bytes: int = Field(
        default=134_217_728, ge=0, description="bytes of answers kept in memory, per process; 0: no cache at all"
    )
    cache_object_bytes: int = Field(default=8_388_608, ge=1024, description="bytes of the largest answer kept")
    redis_url: str = Field(
        default="",
        description="Redis or Valkey shared by all processes and hosts, as redis://…, rediss://… or unix://…; empty: "
        "each process keeps its own",
        repr=False,
    )
    routes: Path | None = Field(default=None, description="file of an exposure table, in place of the shipped one")
    budgets: str = Field(
        default="",
        description="how often one reader may have the monitor asked, where that differs from the usual: misses 60/s "
        "burst 2000, logs off; off: as often as wanted",
    )
    probe_interval: float = Field(default=5, ge=0.1, le=300, description="seconds between two looks at the link")
    upload_limit: int = Field(default=100_000_000, ge=0, description="bytes of the largest request body passed on")
    metrics_token: str = Field(
        default="",
        description="opens /metrics and the full /status/ to machines, as Authorization: Bearer; empty: staff only",
        repr=False,
    )
    hsts_seconds: int = Field(
        default=31_536_000, ge=0, description="how long browsers insist on TLS, with an https public URL; 0: not at all"
    )
    cdn_substitutes: Literal["on", "off"] = Field(
        default="on",
        description="own copies of the public files that the monitor's pages load; off: pages fetch theirs",
    )
    traces_url: str = Field(
        default="",
        description="OpenTelemetry collector that gets traces by OTLP/HTTP; empty: none are made",
        repr=False,
    )
    traces_sample: float = Field(default=0.1, ge=0, le=1, description="share of requests that are traced, 0 to 1")
    email_host: str = Field(default="", description="mail server that alarms are sent through; empty: none")
    email_port: int = Field(
        default=0, ge=0, le=65535, description="its port; 0: the usual one (starttls 587, tls 465, off 25)"
    )
    email_tls: Literal["off", "starttls", "tls"] = Field(
        default="starttls", description="how it is spoken to: plain, TLS after a greeting, TLS from the start"
    )
    email_user: str = Field(default="", description="name to log in with at the mail server; empty: no login")
    email_password: str = Field(default="", description="password for that", repr=False)
    email_from: str = Field(
        default="", description="sender of mails; empty: swf-remote-alarms at the host of SWF_REMOTE_PUBLIC_URL"
    )
    email_folder: Path | None = Field(
        default=None, description="folder that gets mails as files, in place of a mail server"
    )
    webhook_hosts: str = Field(
        default="",
        description="where alarms may be posted, by commas: chat.example, chat.example:8443; http://host for http",
    )
    webhook_secret: str = Field(
        default="", description="signs what is posted to webhooks; empty: no signature", repr=False
    )
    alarms_ping_url: str = Field(
        default="", description="asked after each good look at the alarms, for an outside watcher", repr=False
    )
    alarms_history_bytes: int = Field(
        default=67_108_864,
        ge=0,
        description="bytes of task and site counters kept for 30 days, to look back and to try alarms on; 0: none",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="what is logged")
    log_format: Literal["text", "json"] = Field(default="text", description="how log lines look")

    @property
    def mount(self) -> str:
        """Where the gateway lives, such as ``/prod``: no slash at the end."""
        return self.force_script_name.rstrip("/")

    @property
    def monitor_mount(self) -> str:
        """Where the monitor lives on its own host, such as ``/swf-monitor``."""
        return urlsplit(self.monitor_url).path.rstrip("/")

    @property
    def substitutes(self) -> str:
        """Where our copies of public files are served; empty when pages are to load theirs."""
        return f"{self.own_static_url}vendor/" if self.cdn_substitutes == "on" else ""

    @property
    def own_static_url(self) -> str:
        """URL prefix of the gateway's own static files, with a slash at the end."""
        return f"{self.static_url.rstrip('/')}/" if self.static_url else f"{self.mount}/assets/"

    @property
    def hosts(self) -> list[str]:
        """Host names the gateway answers to."""
        return [name.strip() for name in self.allowed_hosts.split(",") if name.strip()]

    @property
    def proxies(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """Networks of the front proxies."""
        return tuple(ipaddress.ip_network(part.strip()) for part in self.trusted_proxies.split(",") if part.strip())

    @property
    def reader_budgets(self) -> Budgets:
        """What one reader may ask of the monitor."""
        return read_budgets(self.budgets)

    @property
    def mail_sender(self) -> str:
        """Whom mails are from: an address, or a name and an address in angle brackets."""
        return self.email_from or f"swf-remote-alarms@{urlsplit(self.public_address).hostname}"

    @property
    def public_address(self) -> str:
        """The gateway's address as readers type it, without a slash at the end; a guess where the setting is empty."""
        return (self.public_url or f"https://{(self.hosts or ['localhost'])[0]}{self.mount}").rstrip("/")

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies travel over TLS only: always, but for debugging and the demo on this machine."""
        return not (self.debug or self.public_url.startswith("http://"))

    @property
    def sqlite_file(self) -> Path | None:
        """The embedded database, or None with PostgreSQL."""
        return None if self.db_host else Path(self.db_name or "var/gateway.sqlite3")


def read_configuration() -> Configuration:
    """The settings of this moment's environment.

    Raises:
        ConfigurationError: one or more settings are missing, wrong or insecure.
    """
    try:
        found = Configuration()
    except ValidationError as error:
        raise ConfigurationError([_line(fault["loc"], fault["msg"]) for fault in error.errors()]) from None
    if lines := [f"{PREFIX}{name.upper()} {text}" for name, text in problems_of(found)]:
        raise ConfigurationError(lines)
    return found


def _line(location: tuple[int | str, ...], message: str) -> str:
    return f"{PREFIX}{'.'.join(str(part) for part in location).upper()} is wrong: {message[:1].lower()}{message[1:]}"


@cache
def configuration() -> Configuration:
    """The settings in force; read once per process.

    Raises:
        ConfigurationError: see ``read_configuration``.
    """
    return read_configuration()
