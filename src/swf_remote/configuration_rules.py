"""What makes the gateway's settings unusable: rules that look at values and at how they fit together.

Each rule yields ``(setting, what is wrong and what to do)``; the caller prints them one per line.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterator
from email.utils import parseaddr
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from swf_remote.alarms.delivery.allowed import read_allowed
from swf_remote.alarms.routing.addresses import is_address
from swf_remote.proxy.capacity.budgets import read_budgets
from swf_remote.proxy.policy.exposure_file import ExposureError, read_exposure
from swf_remote.proxy.signing_key import read_key

if TYPE_CHECKING:
    from swf_remote.configuration import Configuration

Fault = tuple[str, str]
SHORTEST_KEY = 32
SHORTEST_TOKEN = 16
FEWEST_KEY_LETTERS = 8
PLACEHOLDERS = ("insecure", "change-me", "changeme", "change_me", "your-secret", "default")
TELEMETRY = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http.trace_exporter")
_PIN = re.compile(r"sha256/[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=|cert-sha256/(?:[0-9a-fA-F]{2}:?){31}[0-9a-fA-F]{2}")
NEW_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"


def problems_of(settings: Configuration) -> Iterator[Fault]:
    """Every fault of these settings."""
    for rule in RULES:
        yield from rule(settings)
    if not any(_mount(settings)):
        # These are judged by the mount.
        yield from _static(settings)
        yield from _public_url(settings)


def _secret_key(settings: Configuration) -> Iterator[Fault]:
    key = settings.secret_key
    if not key:
        yield "secret_key", f"is missing: set it to a long random text, for example the output of {NEW_KEY}"
    elif settings.debug:
        return
    elif any(word in key.lower() for word in PLACEHOLDERS):
        yield "secret_key", f"is a placeholder that anybody can know: set it to the output of {NEW_KEY}"
    elif len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_KEY_LETTERS:
        yield (
            "secret_key",
            f"is easy to guess (it needs {SHORTEST_KEY} random characters): set it to the output of {NEW_KEY}",
        )


def _hosts(settings: Configuration) -> Iterator[Fault]:
    if not settings.hosts:
        yield "allowed_hosts", "is empty: name the hosts that readers use, separated by commas"
    for name in settings.hosts:
        if "*" in name and not settings.debug:
            yield "allowed_hosts", f"holds the wildcard {name!r}: name the hosts, or turn SWF_REMOTE_DEBUG on"
        elif any(letter in name for letter in "/ ") or "://" in name:
            yield "allowed_hosts", f"holds {name!r}: give names only, without scheme or path"


def _mount(settings: Configuration) -> Iterator[Fault]:
    mount = settings.force_script_name
    if not mount.startswith("/") or not mount.strip("/") or "//" in mount or any(c in mount for c in "?#% \\"):
        yield "force_script_name", f"is {mount!r}: give the mount as a path such as /prod"


def _static(settings: Configuration) -> Iterator[Fault]:
    if settings.own_static_url == f"{settings.mount}/static/":
        yield "static_url", f"is {settings.static_url!r}, where the monitor's files are: use {settings.mount}/assets/"
    elif not settings.own_static_url.startswith(("/", "http://", "https://")) or settings.own_static_url == "/":
        yield "static_url", f"is {settings.static_url!r}: give a path such as {settings.mount}/assets/"


def _public_url(settings: Configuration) -> Iterator[Fault]:
    if not settings.public_url:
        return
    fault = _url_fault(settings.public_url)
    if fault:
        yield "public_url", f"is {settings.public_url!r}: {fault}"
        return
    parts = urlsplit(settings.public_url)
    if parts.path.rstrip("/") != settings.mount:
        yield "public_url", f"is {settings.public_url!r}: its path must be the mount {settings.mount}"
    if parts.scheme == "http" and not settings.debug and not is_loopback(parts.hostname or ""):
        yield "public_url", f"is {settings.public_url!r}: readers elsewhere need https (http is for this machine only)"


def _proxies(settings: Configuration) -> Iterator[Fault]:
    for part in filter(None, (part.strip() for part in settings.trusted_proxies.split(","))):
        try:
            ipaddress.ip_network(part)
        except ValueError:
            yield "trusted_proxies", f"holds {part!r}: give addresses or networks such as 127.0.0.1 or 10.0.0.0/8"


def _monitor(settings: Configuration) -> Iterator[Fault]:
    fault = _url_fault(settings.monitor_url)
    if fault:
        yield "monitor_url", f"is {settings.monitor_url!r}: {fault}"
    elif not urlsplit(settings.monitor_url).path.strip("/"):
        yield "monitor_url", f"is {settings.monitor_url!r}: it needs the monitor's mount, such as …/swf-monitor"
    if any(letter in settings.monitor_host for letter in "/ @") or "://" in settings.monitor_host:
        yield "monitor_host", f"is {settings.monitor_host!r}: give a host name only"
    if not settings.monitor_token.isascii() or any(letter.isspace() for letter in settings.monitor_token):
        yield "monitor_token", "holds characters that no token has"


def _signing_key(settings: Configuration) -> Iterator[Fault]:
    file = settings.monitor_jwt_key_file
    if file is None:
        return
    try:
        read_key(file)
    except OSError as error:
        yield "monitor_jwt_key_file", f"cannot be read ({error.strerror}): {file}"
    except ValueError as error:
        yield "monitor_jwt_key_file", f"cannot be used ({str(error).splitlines()[0]}): {file}"
    if not settings.public_url:
        yield "monitor_jwt_key_file", "needs SWF_REMOTE_PUBLIC_URL, which the tokens name as their issuer"


def _metrics_token(settings: Configuration) -> Iterator[Fault]:
    if settings.metrics_token and not _is_token(settings.metrics_token):
        yield "metrics_token", f"is easy to guess or no token: give {SHORTEST_TOKEN} or more letters and digits"


def _is_token(text: str) -> bool:
    return len(text) >= SHORTEST_TOKEN and text.isascii() and not any(letter.isspace() for letter in text)


def _mail(settings: Configuration) -> Iterator[Fault]:
    host, folder = settings.email_host, settings.email_folder
    if host and (any(letter in host for letter in "/ @:") or not host.isascii()):
        yield "email_host", f"is {host!r}: give a host name only, and the port in SWF_REMOTE_EMAIL_PORT"
    if host and folder is not None:
        yield "email_folder", "is set beside SWF_REMOTE_EMAIL_HOST: mail goes either to files or to a server"
    if folder is not None and folder.exists() and not (folder.is_dir() and os.access(folder, os.W_OK)):
        yield "email_folder", f"is no folder that can be written: {folder}"
    is_used = bool(host or folder or settings.email_from)
    if is_used and not (is_address(parseaddr(settings.mail_sender)[1]) and settings.mail_sender.isprintable()):
        yield "email_from", f"is {settings.mail_sender!r}: give an address such as alarms@monitor.example"
    yield from _mail_login(settings)


def _mail_login(settings: Configuration) -> Iterator[Fault]:
    if bool(settings.email_user) != bool(settings.email_password):
        missing = "email_password" if settings.email_user else "email_user"
        yield missing, "is missing: a login at the mail server needs both EMAIL_USER and EMAIL_PASSWORD"
    elif settings.email_password and settings.email_tls == "off" and not is_loopback(settings.email_host):
        yield "email_tls", "is off: the mail server's password would be sent for all to read; use starttls or tls"


def _webhooks(settings: Configuration) -> Iterator[Fault]:
    try:
        read_allowed(settings.webhook_hosts)
    except ValueError as error:
        yield "webhook_hosts", str(error)
    if settings.webhook_secret and not _is_token(settings.webhook_secret):
        yield "webhook_secret", f"is easy to guess or no secret: give {SHORTEST_TOKEN} or more letters and digits"
    if settings.alarms_ping_url and (fault := _url_fault(settings.alarms_ping_url)):
        yield "alarms_ping_url", f"cannot be used: {fault}"


def _traces(settings: Configuration) -> Iterator[Fault]:
    if not settings.traces_url:
        return
    if fault := _url_fault(settings.traces_url):
        yield "traces_url", f"cannot be used: {fault}"
    elif not all(_is_installed(name) for name in TELEMETRY):
        yield "traces_url", "needs packages that are not installed: pip install 'swf-remote[telemetry]'"


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # not even what it is part of
        return False


def _pins(settings: Configuration) -> Iterator[Fault]:
    if not settings.monitor_pin:
        return
    if not settings.monitor_url.startswith("https://"):
        yield "monitor_pin", "needs a monitor behind https: without TLS there is no key to compare"
    if settings.monitor_tls_verify == "off":
        yield (
            "monitor_pin",
            "needs SWF_REMOTE_MONITOR_TLS_VERIFY=on (a pin alone asks for no authority)",
        )
    for part in filter(None, (part.strip() for part in settings.monitor_pin.split(","))):
        if not _PIN.fullmatch(part):
            yield (
                "monitor_pin",
                f"holds {part!r}: give sha256/<base64 of the key's digest> or cert-sha256/<hex>",
            )


def _tls(settings: Configuration) -> Iterator[Fault]:
    file = settings.monitor_ca_file
    if file is None or str(file) in ("", "."):
        return
    try:
        text = file.read_bytes()
    except OSError as error:
        yield "monitor_ca_file", f"cannot be read ({error.strerror}): {file}"
        return
    if b"-----BEGIN CERTIFICATE-----" not in text:
        yield "monitor_ca_file", f"holds no certificate in PEM form: {file}"


def _routes(settings: Configuration) -> Iterator[Fault]:
    if settings.routes is None:
        return
    try:
        read_exposure(settings.routes)
    except ExposureError as error:
        yield from (("routes", f"cannot be used: {settings.routes}: {line}") for line in error.lines)


def _budgets(settings: Configuration) -> Iterator[Fault]:
    try:
        read_budgets(settings.budgets)
    except ValueError as error:
        yield "budgets", str(error)


def _database(settings: Configuration) -> Iterator[Fault]:
    file = settings.sqlite_file
    if file is None:
        return
    if file.is_dir():
        yield "db_name", f"is a folder: give the SQLite file's name, or set SWF_REMOTE_DB_HOST for PostgreSQL ({file})"
    nearest = next(folder for folder in file.resolve().parents if folder.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        yield "db_name", f"is in a folder that cannot be written: {file}"


def is_loopback(host: str) -> bool:
    """True for names that mean this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _url_fault(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        return str(error)
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        return "give an address such as https://host:port/path"
    if parts.username is not None or parts.query or parts.fragment:
        return "give it without user, query or fragment"
    return None


RULES = (
    _secret_key,
    _hosts,
    _mount,
    _proxies,
    _monitor,
    _tls,
    _pins,
    _signing_key,
    _metrics_token,
    _traces,
    _mail,
    _webhooks,
    _routes,
    _budgets,
    _database,
)
