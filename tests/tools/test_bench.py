"""The arithmetic of the bench: percentiles, the link, rows, verdicts, and what the plain gateway replaces."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from tools.bench import __main__ as bench
from tools.bench import naive, nginx, rows
from tools.bench.clients import Client, Outcome, Question, Reply
from tools.bench.figures import Latency, percent, percentile, times
from tools.bench.link import Counts, Lane, Link
from tools.bench.origin import Connection, Origin, kind_of
from tools.bench.processes import BenchError, check_machine
from tools.bench.work import traffic

MEGABIT = 1e6


@pytest.mark.parametrize(("part", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_a_percentile_is_the_nearest_rank(part: float, value: float) -> None:
    assert percentile(range(100, 0, -1), part) == value


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        percentile([], 0.5)


def test_latencies_are_told_in_milliseconds() -> None:
    assert Latency.of([0.001] * 98 + [0.002, 0.010]) == Latency(1.0, 2.0, 10.0, 100)


def test_of_nothing_there_is_no_share() -> None:
    assert (percent(5, 0), times(5, 0), percent(1, 4), times(6, 3)) == (0, 0, 25, 2)


def test_bytes_arrive_after_they_were_sent_and_travelled() -> None:
    lane = Lane(0.04, 8 * MEGABIT)
    assert lane.arrival(10.0, 100_000) == pytest.approx(10.14)


def test_all_share_the_bandwidth_of_a_lane() -> None:
    lane = Lane(0.04, 8 * MEGABIT)
    lane.arrival(10.0, 100_000)
    assert lane.arrival(10.0, 100_000) == pytest.approx(10.24)
    assert lane.arrival(20.0, 100_000) == pytest.approx(20.14)


def test_without_a_bandwidth_only_the_way_counts() -> None:
    assert Lane(0.04, None).arrival(10.0, 10**9) == pytest.approx(10.04)


async def test_a_link_counts_the_round_trips_of_each_request() -> None:
    loop, origin = asyncio.get_running_loop(), Origin()
    async with await loop.create_server(lambda: Connection(origin), "127.0.0.1", 0) as server:
        link = Link(server.sockets[0].getsockname()[1], rtt=0.02, bits_per_second=None)
        await link.open()
        client = Client(link.port)
        first = await client.ask("/swf-monitor/panda/jobs/")
        assert (first.status, link.counts.connections, link.counts.turns) == (200, 1, 2)
        assert first.total >= 0.04
        link.counts = Counts()
        again = await client.ask("/swf-monitor/panda/jobs/datatable/?x=1")
        assert (link.counts.connections, link.counts.turns) == (0, 1)
        assert again.total >= 0.02
        client.close()
        link.cut()
    assert origin.asked == {"/panda/jobs/": 1, "/panda/jobs/datatable/": 1}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/panda/jobs/", "page"),
        ("/panda/jobs/datatable/", "table"),
        ("/panda/system/status.json", "status"),
        ("/static/css/style.css", "css"),
        ("/static/images/site.png", "picture"),
        ("/static/unknown", "missing"),
    ],
)
def test_the_stand_in_answers_by_path(path: str, kind: str) -> None:
    assert kind_of(path) == kind


def test_a_row_holds_up_to_its_limit_and_from_its_limit_on() -> None:
    assert rows.at_most("a", "what", 2.0, "ms", limit=2).holds
    assert not rows.at_most("a", "what", 2.001, "ms", limit=2).holds
    assert rows.at_least("a", "what", 25.0, "%", limit=25).holds
    assert not rows.at_least("a", "what", 24.99, "%", limit=25).holds
    assert rows.told("a", "what", 1, "ms").holds is None


def test_figures_keep_three_digits() -> None:
    assert [rows.rounded(value) for value in (12345.6, 0.012345, 99.95, 0)] == [12346, 0.0123, 100, 0]


def test_a_result_is_written_as_the_design_says(tmp_path: Path) -> None:
    path = rows.write(tmp_path, "bench", [rows.at_least("a.b", "what", 3.14159, "times", limit=3, against="naive 1")])
    found = json.loads(path.read_text())
    assert found.keys() == {"name", "machine", "commit", "date", "rows"}
    assert found["rows"] == [
        {
            "id": "a.b",
            "what": "what",
            "value": 3.14,
            "unit": "times",
            "baseline": "naive 1",
            "target": "≥ 3",
            "holds": True,
        }
    ]


def test_the_table_says_what_holds_and_what_does_not() -> None:
    found = [
        rows.at_most("one", "first", 1, "ms", limit=2),
        rows.at_least("two", "second", 1234, "requests/s", limit=5000, against="nginx 9"),
        rows.told("three", "third", 7, "MB"),
    ]
    lines = rows.table(found).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["holds", "MISSED", "-"]
    assert "1,234 requests/s  ≥ 5,000  nginx 9" in lines[2]
    assert rows.summary(found) == "1 of 2 targets hold; missed: two"


def test_the_plain_gateway_replaces_as_the_one_in_use() -> None:
    page = b'<div class="nav-auth">a</div><a href="/swf-monitor/x">https://h.gov/swf-monitor/x</a>localStorage.getItem(\'navMode\')'
    assert naive.rewritten(page) == (
        b'<div class="nav-auth"><a href="/prod/accounts/login/">Login</a></div>'
        b"<a href=\"/prod/x\">https://h.gov/swf-monitor/x</a>'production'"
    )


def test_nginx_keeps_or_replaces_as_it_is_told(tmp_path: Path) -> None:
    plain, both = (nginx.configuration(tmp_path, 1, 2, cache=told, replace=told) for told in (False, True))
    assert ("proxy_cache kept" in plain, "sub_filter" in plain) == (False, False)
    assert ("proxy_cache kept" in both, "sub_filter /swf-monitor/ /prod/;" in both) == (True, True)


def outcome(at: float, target: str, status: int, cache: str = "miss", **options: str) -> Outcome:
    headers = {"x-swf-cache": cache, "age": options.get("age", "0")}
    cookie = {"Cookie": options["cookie"]} if "cookie" in options else {}
    reply = Reply(status, headers, options.get("body", "x").encode(), 0.1, 0.1)
    return Outcome(at, Question(target, headers=cookie), reply, 0.1)


KNOWN, NEW = traffic.known_page(1), "/prod/panda/tasks/?new=1"


def test_an_outage_is_judged_by_what_every_reader_got() -> None:
    found = [
        outcome(5, KNOWN, 200, "stale", age="90000"),
        outcome(5, KNOWN, 200, "hit", age="300"),
        outcome(6, KNOWN, 502),
        outcome(6, NEW, 502),
        outcome(6, NEW, 404),
        outcome(21.5, NEW, 502),
        outcome(22, KNOWN, 200, "hit"),
    ]
    verdict = traffic.judged(found, 4.0, 20.0, {})
    assert (verdict.known, verdict.answered, verdict.labelled) == (3, 2, 1)
    assert (verdict.errors, verdict.untold, verdict.recovery) == ([0.1], 1, 1.5)


def test_another_readers_name_is_seen() -> None:
    names = {"sessionid_prod=a": "reader0001"}
    own = outcome(1, KNOWN, 200, body="<b>reader0001</b>", cookie="sessionid_prod=a")
    anothers = outcome(1, KNOWN, 200, body="<b>reader0002</b>", cookie="sessionid_prod=a")
    anybodys = outcome(1, KNOWN, 200, body="<b>reader0001</b>")
    assert [traffic.is_others(one, names) for one in (own, anothers, anybodys)] == [False, True, True]


def test_what_is_not_installed_is_named_with_the_way_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.bench.processes.PROGRAMS", ("no-such-server",))
    with pytest.raises(BenchError, match=r"no-such-server; run: sudo make system-deps"):
        check_machine()


def test_the_bench_ends_with_two_when_something_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tools.bench.processes.PROGRAMS", ("no-such-server",))
    assert bench.main(["--only", "trips"]) == 2
    assert "make system-deps" in capsys.readouterr().err
