"""What ``swf-testbed demo`` says and keeps before anything runs."""

import fcntl
import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from swf_testbed.demo.command import demo
from swf_testbed.demo.plan import Options, gateway_environment, monitor_environment, parts
from swf_testbed.demo.readiness import busy_port
from swf_testbed.demo.secrets import load_or_make_secrets
from swf_testbed.demo.state_file import write_state
from swf_testbed.demo.supervisor import RESTART_SECONDS


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def options(tmp_path: Path, **changes: int) -> Options:
    chosen = {"port": 1, "monitor_port": 2, "tunnel_port": 3} | changes
    return Options(tmp_path, **chosen, seed=1, speed=1.0)


def test_secrets_are_made_once_and_kept_private(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    first = load_or_make_secrets(path)
    assert load_or_make_secrets(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(first.gateway_key) >= 50


def test_two_installations_share_no_secret(tmp_path: Path) -> None:
    first, second = load_or_make_secrets(tmp_path / "a"), load_or_make_secrets(tmp_path / "b")
    assert not {first.gateway_key, first.monitor_key, first.password} & {
        second.gateway_key,
        second.monitor_key,
        second.password,
    }


def test_damaged_secrets_are_one_line_with_the_fix(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(ValueError, match=r"is damaged .*; start anew with: make run-clean"):
        load_or_make_secrets(tmp_path / "secrets.json")


@pytest.mark.parametrize("option", ["--port", "--monitor-port", "--tunnel-port"])
def test_a_busy_port_is_one_clear_line_with_the_fix(tmp_path: Path, option: str) -> None:
    ports = {name: str(free_port()) for name in ("--port", "--monitor-port", "--tunnel-port")}
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        chosen = [word for pair in (ports | {option: str(port)}).items() for word in pair]
        result = CliRunner().invoke(demo, ["--var", str(tmp_path), *chosen])
    assert result.exit_code == 1
    assert result.output.strip() == (
        f"demo: port {port} is in use by another program; "
        f'choose another: make run ARGS="{option} {port + (1000 if port < 64000 else -1000)}"'
    )


def test_the_three_ports_must_differ(tmp_path: Path) -> None:
    port = free_port()
    assert busy_port(options(tmp_path, port=port, monitor_port=port, tunnel_port=port)) == (
        "--port, --monitor-port and --tunnel-port must differ"
    )


def test_a_second_demo_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = CliRunner().invoke(demo, ["--var", str(tmp_path)])
    assert result.exit_code == 1
    assert "is running already" in result.output


def test_the_state_file_has_the_agreed_keys_and_is_private(tmp_path: Path) -> None:
    made = load_or_make_secrets(tmp_path / "secrets.json")
    write_state(tmp_path / "demo.json", options(tmp_path), made, {"gateway": 7})
    state = json.loads((tmp_path / "demo.json").read_text())
    assert list(state) == ["gateway", "monitor", "tunnel", "login", "password", "database", "pids"]
    assert state["gateway"] == "http://127.0.0.1:1/prod/"
    assert state["pids"] == {"gateway": 7}
    assert (tmp_path / "demo.json").stat().st_mode & 0o777 == 0o600


def test_the_gateway_knows_the_tunnel_and_neither_monitor_nor_database(tmp_path: Path) -> None:
    chosen = options(tmp_path, monitor_port=45678)
    made = load_or_make_secrets(tmp_path / "secrets.json")
    environment = gateway_environment(chosen, made, "token")
    ours = {name: value for name, value in environment.items() if name.startswith(("SWF_", "PANDA_"))}
    assert ours["SWF_REMOTE_MONITOR_URL"] == "http://127.0.0.1:3/swf-monitor"
    assert not [value for value in ours.values() if "45678" in value or str(chosen.panda_database) in value]


def test_settings_of_a_real_deployment_do_not_leak_into_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWF_REMOTE_DB_HOST", "production.example")
    monkeypatch.setenv("PANDA_DB_HOST", "production.example")
    made = load_or_make_secrets(tmp_path / "secrets.json")
    for environment in (gateway_environment(options(tmp_path), made), monitor_environment(options(tmp_path), made)):
        assert "production.example" not in environment.values()


def test_parts_start_in_the_order_of_the_chain(tmp_path: Path) -> None:
    made = load_or_make_secrets(tmp_path / "secrets.json")
    assert [part.name for part in parts(options(tmp_path), made, "token")] == [
        "testbed",
        "monitor",
        "tunnel",
        "gateway",
        "alarms",
    ]


def test_a_dead_testbed_stays_away_for_longer_than_its_silence_may_last(tmp_path: Path) -> None:
    made = load_or_make_secrets(tmp_path / "secrets.json")
    testbed, *others = parts(options(tmp_path), made, "token")
    monitor = monitor_environment(options(tmp_path), made)
    between_looks = float(gateway_environment(options(tmp_path), made)["SWF_REMOTE_PROBE_INTERVAL"])
    assert RESTART_SECONDS + testbed.longer_gap >= float(monitor["SWF_MONITOR_FEED_MAX_AGE"]) + between_looks
    assert {other.longer_gap for other in others} == {0.0}
