"""The signed name between a real gateway and a real monitor: the right key opens, any other closes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.system.http_client import ask
from tests.system.running_demo import free_port

pytestmark = pytest.mark.slow

SECRET = "k7Jx-2Qm9vT4bN8zR1wL5pY3cF6hD0sG-aE7uV2iO9"
PASSWORD = "correct horse battery staple"
# The monitor has no such page, but says so only to a reader whose name it believes.
NAMED_PAGE = "pcs/tags/"


def run(environment: dict[str, str], *words: str, feed: str = "") -> None:
    program = Path(sys.executable).with_name(words[0])
    done = subprocess.run(
        [program, *words[1:]], env=environment, input=feed, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def serving(program: str, environment: dict[str, str], alive: str) -> Iterator[str]:
    """A running server of ours; `alive` is a path that answers as soon as it works."""
    port = free_port()
    command = [Path(sys.executable).with_name(program), "serve", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            with suppress(OSError):
                ask(url + alive)
                break
            with suppress(subprocess.TimeoutExpired):
                pytest.fail(f"{program} ended with {process.wait(0.05)}")
        yield url
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the gateway's private key, its public key, and somebody else's private key."""
    folder = tmp_path_factory.mktemp("keys")
    gateways, strangers = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    for name, key in (("gateway", gateways), ("stranger", strangers)):
        folder.joinpath(name).write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public = gateways.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    folder.joinpath("public").write_bytes(public)
    return folder


@pytest.fixture(scope="module")
def monitor(keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "SWF_MONITOR_SECRET_KEY": SECRET,
        "SWF_MONITOR_DB_NAME": str(tmp_path_factory.mktemp("monitor") / "monitor.sqlite3"),
        "SWF_MONITOR_IDENTITY_KEY_FILE": str(keys / "public"),
    }
    run(environment, "swf-monitor", "migrate", "--verbosity", "0")
    with serving("swf-monitor", environment, "/swf-monitor/about/") as url:
        yield url


def seen_by_anna(monitor: str, folder: Path, key: Path | None) -> tuple[int, str]:
    """Status and text of a page that the monitor is asked for in Anna's name, through a gateway with this key."""
    environment = {
        "PATH": os.environ["PATH"],
        "SWF_REMOTE_SECRET_KEY": SECRET,
        "SWF_REMOTE_PUBLIC_URL": "http://127.0.0.1/prod/",
        "SWF_REMOTE_MONITOR_URL": f"{monitor}/swf-monitor",
        "SWF_REMOTE_DB_NAME": str(folder / "gateway.sqlite3"),
        **({"SWF_REMOTE_MONITOR_JWT_KEY_FILE": str(key)} if key else {}),
    }
    run(environment, "swf-remote", "migrate", "--verbosity", "0")
    run(environment, "swf-remote", "users", "add", "anna", "--known-at-monitor", "--password-stdin", feed=PASSWORD)
    with ExitStack() as held:
        url = held.enter_context(serving("swf-remote", environment, "/prod/healthz"))
        reply = ask(f"{url}/prod/{NAMED_PAGE}", headers={"Cookie": logged_in(url), "Accept": "text/html"})
    return reply.status, reply.text


def logged_in(url: str) -> str:
    """The cookie of Anna's session."""
    page = ask(f"{url}/prod/accounts/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token
    form = {"csrfmiddlewaretoken": token[1], "username": "anna", "password": PASSWORD}
    headers = {
        "Cookie": page.headers["set-cookie"].partition(";")[0],
        "Origin": url,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    reply = ask(f"{url}/prod/accounts/login/", "POST", headers, urlencode(form).encode())
    assert reply.status == 302, reply.text
    found = re.search(r"sessionid_prod=[a-z0-9]+", reply.headers["set-cookie"])
    assert found
    return found[0]


def test_the_monitor_believes_names_signed_with_the_gateways_key(monitor: str, keys: Path, tmp_path: Path) -> None:
    status, text = seen_by_anna(monitor, tmp_path, keys / "gateway")
    assert status == 404, text
    assert "not proven" not in text


@pytest.mark.parametrize("key", ["stranger", None])
def test_the_monitor_refuses_names_signed_by_another_key_or_not_at_all(
    monitor: str, keys: Path, tmp_path: Path, key: str | None
) -> None:
    assert seen_by_anna(monitor, tmp_path, keys / key if key else None) == (403, "The user's name is not proven.\n")
