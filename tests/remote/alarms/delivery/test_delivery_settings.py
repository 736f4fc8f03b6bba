"""Settings of mail, webhooks and the watcher: what cannot work is told at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from swf_remote.configuration_rules import problems_of
from tests.remote.gateways import settings_for


def faults(**settings: Any) -> dict[str, str]:
    return {
        name: words for name, words in problems_of(settings_for(**settings)) if name.startswith(("email", "web", "al"))
    }


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"email_host": "mail.example"},
        {"email_host": "mail.example", "email_user": "gateway", "email_password": "secret"},
        {"email_host": "localhost", "email_tls": "off", "email_user": "gateway", "email_password": "secret"},
        {"email_from": "ePIC alarms <alarms@lab.example>"},
        {"webhook_hosts": "chat.example, http://bot.example:8080", "webhook_secret": "0123456789abcdef"},
        {"alarms_ping_url": "https://watch.example/ping/abc"},
    ],
)
def test_settings_that_work_are_taken(settings: dict[str, str]) -> None:
    assert faults(**settings) == {}


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"email_host": "mail.example:25"}, "email_host"),
        ({"email_host": "smtp://mail.example"}, "email_host"),
        ({"email_user": "gateway"}, "email_password"),
        ({"email_password": "secret"}, "email_user"),
        ({"email_host": "mail.example", "email_tls": "off", "email_user": "a", "email_password": "b"}, "email_tls"),
        ({"email_from": "nobody"}, "email_from"),
        ({"email_from": "a@b.example\nBcc: eve@evil.example"}, "email_from"),
        ({"webhook_hosts": "*.example"}, "webhook_hosts"),
        ({"webhook_hosts": "https://chat.example/hooks/x"}, "webhook_hosts"),
        ({"webhook_secret": "short"}, "webhook_secret"),
        ({"alarms_ping_url": "watch.example"}, "alarms_ping_url"),
        ({"alarms_ping_url": "https://watch.example/?x=1"}, "alarms_ping_url"),
    ],
)
def test_settings_that_cannot_work_are_told(settings: dict[str, str], name: str) -> None:
    assert set(faults(**settings)) == {name}


def test_mail_goes_to_a_server_or_into_files_and_not_both(tmp_path: Path) -> None:
    assert set(faults(email_host="mail.example", email_folder=tmp_path)) == {"email_folder"}


def test_a_file_is_no_folder_for_mail(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("")
    assert set(faults(email_folder=tmp_path / "mail")) == {"email_folder"}


def test_the_usual_sender_is_at_the_gateways_own_host() -> None:
    settings = settings_for(public_url="https://gateway.example/prod")
    assert settings.mail_sender == "swf-remote-alarms@gateway.example"


def test_secrets_are_not_shown() -> None:
    settings = settings_for(
        email_password="secret-1", webhook_secret="secret-2", alarms_ping_url="https://watch.example/secret-3"
    )
    assert "secret-" not in repr(settings)
