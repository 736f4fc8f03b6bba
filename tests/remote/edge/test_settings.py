"""Settings: what is refused, in which words, and what follows from them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from swf_remote.configuration import Configuration, ConfigurationError, read_configuration

GOOD = {"SECRET_KEY": "x8Jq2m-Zr7tWc41LpB0vNfYsKdHuGa93EiTo", "PUBLIC_URL": "https://monitor.example/prod"}


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("SWF_REMOTE_"):
            monkeypatch.delenv(name)

    def reading(**settings: str) -> Configuration:
        for name, value in (GOOD | settings).items():
            monkeypatch.setenv(f"SWF_REMOTE_{name}", value)
        return read_configuration()

    return reading


def refused(read, **settings: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read(**settings)
    return caught.value.lines


def test_a_secret_and_an_address_are_enough(read) -> None:
    found = read()
    assert (found.mount, found.monitor_mount, found.own_static_url) == ("/prod", "/swf-monitor", "/prod/assets/")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SECRET_KEY", "", "is missing"),
        ("SECRET_KEY", "short", "easy to guess"),
        ("SECRET_KEY", "a" * 60, "easy to guess"),
        ("SECRET_KEY", "django-insecure-0123456789abcdefghijklmnop", "placeholder"),
        ("ALLOWED_HOSTS", "*", "wildcard"),
        ("ALLOWED_HOSTS", "monitor.example,*.example", "wildcard"),
        ("ALLOWED_HOSTS", "https://monitor.example", "without scheme"),
        ("STATIC_URL", "/prod/static/", "monitor's files"),
        ("STATIC_URL", "/prod/static", "monitor's files"),
        ("FORCE_SCRIPT_NAME", "prod", "mount"),
        ("PUBLIC_URL", "http://monitor.example/prod", "https"),
        ("PUBLIC_URL", "https://monitor.example/other", "mount"),
        ("PUBLIC_URL", "monitor.example/prod", "address"),
        ("TRUSTED_PROXIES", "10.0.0.300", "networks"),
        ("MONITOR_URL", "localhost:18443", "address"),
        ("MONITOR_URL", "https://localhost:18443", "mount"),
        ("MONITOR_URL", "https://user:secret@localhost/swf-monitor", "without user"),
        ("MONITOR_HOST", "https://monitor", "host name only"),
        ("MONITOR_TLS_VERIFY", "maybe", "'on' or 'off'"),
        ("MONITOR_CA_FILE", "no-such-file.pem", "cannot be read"),
        ("DB_PORT", "many", "integer"),
        ("DB_PORT", "70000", "65535"),
        ("DB_NAME", "/dev/null/gateway.sqlite3", "cannot be written"),
        ("PROBE_INTERVAL", "0", "0.1"),
        ("BUDGETS", "misses many", "give a rate such as 30/s burst 1000"),
        ("DEBUG", "perhaps", "boolean"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_setting(read, name: str, value: str, words: str) -> None:
    lines = refused(read, **{name: value})
    assert len(lines) == 1
    assert lines[0].startswith(f"SWF_REMOTE_{name} ")
    assert words in lines[0]
    assert "\n" not in lines[0]


def test_several_faults_are_several_lines(read) -> None:
    lines = refused(read, SECRET_KEY="", ALLOWED_HOSTS="*", STATIC_URL="/prod/static/")
    assert [line.split()[0] for line in lines] == [
        "SWF_REMOTE_SECRET_KEY",
        "SWF_REMOTE_ALLOWED_HOSTS",
        "SWF_REMOTE_STATIC_URL",
    ]


def test_a_secret_is_never_repeated_in_a_message(read) -> None:
    assert "django-insecure-0123" not in "".join(refused(read, SECRET_KEY="django-insecure-0123456789abcdefghijkl"))


def test_debugging_may_use_short_keys_and_any_host(read) -> None:
    assert read(DEBUG="true", SECRET_KEY="x", ALLOWED_HOSTS="*").hosts == ["*"]


def test_values_come_from_a_file_named_env_and_the_environment_wins(read, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SWF_REMOTE_MONITOR_HOST=from.file\nSWF_REMOTE_MONITOR_TOKEN=file\n")
    found = read(MONITOR_TOKEN="environment")
    assert (found.monitor_host, found.monitor_token) == ("from.file", "environment")


@pytest.mark.parametrize(
    ("settings", "secure"),
    [
        ({}, True),
        ({"PUBLIC_URL": ""}, True),
        ({"PUBLIC_URL": "http://127.0.0.1:8000/prod"}, False),
        ({"DEBUG": "1"}, False),
    ],
)
def test_cookies_need_tls_except_on_this_machine(read, settings: dict[str, str], secure: bool) -> None:
    assert read(**settings).secure_cookies is secure


def test_a_database_host_means_postgresql(read) -> None:
    assert read(DB_HOST="db.example").sqlite_file is None
    assert read(DB_HOST="", DB_NAME="x.sqlite3").sqlite_file == Path("x.sqlite3")


def run(*arguments: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"]} | {f"SWF_REMOTE_{name}": value for name, value in settings.items()}
    command = [str(Path(sys.executable).with_name("swf-remote")), *arguments]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def test_the_command_line_tells_wrong_settings_without_a_traceback(tmp_path: Path) -> None:
    done = run("check", folder=tmp_path, ALLOWED_HOSTS="*")
    assert done.returncode == 2
    assert [line.split()[0] for line in done.stderr.splitlines()] == [
        "SWF_REMOTE_SECRET_KEY",
        "SWF_REMOTE_ALLOWED_HOSTS",
    ]


def test_the_command_line_works_with_good_settings_and_needs_no_folder_beforehand(tmp_path: Path) -> None:
    done = run("check", folder=tmp_path, MONITOR_HOST="monitor.example", **GOOD)
    assert (done.returncode, done.stderr) == (0, "")
