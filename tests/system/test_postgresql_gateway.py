"""The gateway's own database on PostgreSQL: same migrations, same commands, same logins as on SQLite."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.system.http_client import Reply, ask, wait_until_alive
from tests.system.postgresql import Server
from tests.system.running_demo import free_port

PASSWORD = "correct horse battery staple"


def gateway_program() -> str:
    return str(Path(sys.executable).with_name("swf-remote"))


@pytest.fixture(scope="module")
def environment(postgresql: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Settings of a gateway on PostgreSQL, in front of a tunnel that is down."""
    return {
        "PATH": os.environ["PATH"],
        "SWF_REMOTE_SECRET_KEY": "k7Jx-2Qm9vT4bN8zR1wL5pY3cF6hD0sG-aE7uV2iO9",
        "SWF_REMOTE_PUBLIC_URL": "http://127.0.0.1/prod/",
        "SWF_REMOTE_MONITOR_URL": f"http://127.0.0.1:{free_port()}/swf-monitor",
        **postgresql.environment("SWF_REMOTE_", "swf_remote"),
    }


def run(environment: dict[str, str], *words: str, feed: str = "") -> str:
    """Output of one command, which must succeed."""
    done = subprocess.run(
        [gateway_program(), *words], env=environment, input=feed, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def migrated(environment: dict[str, str]) -> dict[str, str]:
    run(environment, "migrate", "--verbosity", "0")
    run(environment, "users", "add", "anna", "--known-at-monitor", "--password-stdin", feed=PASSWORD + "\n")
    return environment


@pytest.fixture(scope="module")
def gateway(migrated: dict[str, str]) -> Iterator[str]:
    """Address of a running gateway."""
    port = free_port()
    process = subprocess.Popen(
        [gateway_program(), "serve", "--port", str(port)],
        env=migrated,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}/prod/"
    wait_until_alive(url, process)
    yield url
    process.terminate()
    process.wait(10)


def test_migrations_are_complete(migrated: dict[str, str]) -> None:
    assert run(migrated, "migrate", "--check") == ""


def test_accounts_are_kept_there(migrated: dict[str, str], postgresql: Server) -> None:
    listed = json.loads(run(migrated, "users", "list", "--json"))
    assert [user["username"] for user in listed] == ["anna"]
    sql = ["psql", "-h", str(postgresql.folder), "-U", "postgres", "-d", "swf_remote", "-Atc"]
    found = subprocess.run([*sql, "SELECT username FROM auth_user"], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["anna"]


def log_in(gateway: str, password: str) -> Reply:
    page = ask(gateway + "accounts/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    cookie = re.search(r"csrftoken_prod=([^;]+)", page.headers["set-cookie"])
    assert token
    assert cookie
    form = urlencode({"csrfmiddlewaretoken": token[1], "username": "anna", "password": password})
    headers = {
        "Cookie": f"csrftoken_prod={cookie[1]}",
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": gateway.removesuffix("/prod/"),
    }
    return ask(gateway + "accounts/login/", "POST", headers, form.encode())


def test_a_reader_can_sign_in(gateway: str) -> None:
    reply = log_in(gateway, PASSWORD)
    assert reply.status == 302
    assert "sessionid_prod=" in reply.headers["set-cookie"]


def test_a_wrong_password_is_refused(gateway: str) -> None:
    reply = log_in(gateway, "wrong")
    assert reply.status == 200
    assert "sessionid_prod=" not in reply.headers.get("set-cookie", "")


def test_a_gateway_whose_tunnel_is_down_serves_and_names_the_tunnel(gateway: str) -> None:
    assert ask(gateway + "healthz").status == 200
    ready = ask(gateway + "readyz", headers={"Accept": "application/json"})
    assert ready.json()["parts"] == {"database": "ok", "link": "tunnel"}
