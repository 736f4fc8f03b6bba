"""The error summary agrees with patterns counted here from single rows, by the contract's definition (4.9)."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.monitor.conftest import Site
from tests.monitor.jobs.job_sql import CODES, FAULTY, links, rows, text

pytestmark = pytest.mark.slow

TABLE = "/panda/errors/datatable/"
Pattern = tuple[str, str, str]


def asked(site: Site, /, **query: Any) -> dict[str, Any]:
    answer: dict[str, Any] = site.json(f"{TABLE}?{urlencode(query)}")
    return answer


def shown(answer: dict[str, Any]) -> dict[Pattern, list[str]]:
    """The cells after the first three, by pattern."""
    found = [[text(cell) for cell in row] for row in answer["data"]]
    return {(row[0], row[1], row[2]): row[3:] for row in found}


def hit(job: sqlite3.Row, first_only: bool = False) -> list[Pattern]:
    """The patterns a job belongs to."""
    found = [
        (component, str(job[column]), (job[column.replace("code", "diag")] or "")[:256])
        for component, column in CODES.items()
        if job[column]
    ]
    return found[:1] if first_only else found


def patterns(jobs: list[sqlite3.Row], first_only: bool = False) -> dict[Pattern, list[sqlite3.Row]]:
    found: dict[Pattern, list[sqlite3.Row]] = defaultdict(list)
    for job in jobs:
        for pattern in hit(job, first_only):
            found[pattern].append(job)
    return found


def most_frequent(found: dict[Pattern, list[sqlite3.Row]]) -> list[int]:
    return sorted((len(jobs) for jobs in found.values()), reverse=True)[:200]


@pytest.mark.parametrize("days", [1, 7, 30])
def test_every_pattern_counts_its_jobs_and_tasks(
    site: Site, sql: sqlite3.Connection, panda: datetime, days: int
) -> None:
    wanted = patterns(rows(sql, panda, days, f"jobstatus IN {FAULTY}"))
    found = shown(asked(site, days=days))
    for pattern, cells in found.items():
        jobs = wanted[pattern]
        assert cells[0] == str(len(jobs))
        assert cells[1] == str(len({job["jeditaskid"] for job in jobs} - {None}))
    assert [int(cells[0]) for cells in found.values()] == most_frequent(wanted)


def test_a_pattern_takes_256_characters_of_the_text(site: Site, panda: datetime) -> None:
    lengths = {len(pattern[2]) for pattern in shown(asked(site, days=30))}
    assert max(lengths) > 200


@pytest.mark.parametrize(
    ("filters", "condition"),
    [
        ({"status": "cancelled"}, "jobstatus = 'cancelled'"),
        ({"status": "finished"}, "0"),
        ({"site": "JLAB_OSG_epic"}, "computingsite = 'JLAB_OSG_epic'"),
        ({"username": "Zoë Grün"}, "produsername = 'Zoë Grün'"),
    ],
)
def test_filters_of_jobs_apply_to_their_errors(
    site: Site, sql: sqlite3.Connection, panda: datetime, filters: dict[str, str], condition: str
) -> None:
    wanted = patterns(rows(sql, panda, 30, f"jobstatus IN {FAULTY} AND {condition}"))
    found = shown(asked(site, days=30, **filters))
    assert [int(cells[0]) for cells in found.values()] == most_frequent(wanted)
    assert all(int(cells[0]) == len(wanted[pattern]) for pattern, cells in found.items())


@pytest.mark.parametrize("source", sorted(CODES))
def test_one_component_can_be_asked_for(site: Site, sql: sqlite3.Connection, panda: datetime, source: str) -> None:
    wanted = patterns(rows(sql, panda, 30, f"jobstatus IN {FAULTY}"))
    found = shown(asked(site, days=30, error_source=source))
    assert {pattern: int(cells[0]) for pattern, cells in found.items()} == {
        pattern: len(jobs) for pattern, jobs in wanted.items() if pattern[0] == source
    }


@pytest.mark.parametrize("source", ["transformation", "nonsense"])
def test_a_source_without_codes_and_texts_gives_no_pattern(site: Site, panda: datetime, source: str) -> None:
    assert asked(site, days=30, error_source=source)["data"] == []


def test_classified_counts_each_job_in_its_first_component_alone(
    site: Site, sql: sqlite3.Connection, panda: datetime
) -> None:
    wanted = patterns(rows(sql, panda, 30, f"jobstatus IN {FAULTY}"), first_only=True)
    found = shown(asked(site, days=30, classified=1))
    assert [int(cells[0]) for cells in found.values()] == most_frequent(wanted)
    assert all(int(cells[0]) == len(wanted[pattern]) for pattern, cells in found.items())


def names(jobs: list[sqlite3.Row], column: str) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for job in jobs:
        if job[column]:
            counts[job[column]] += 1
    return counts


@pytest.mark.parametrize(("index", "column", "limit"), [(3, "produsername", 5), (4, "computingsite", 3)])
def test_the_most_affected_names_come_first_and_the_others_are_counted(
    site: Site, sql: sqlite3.Connection, panda: datetime, index: int, column: str, limit: int
) -> None:
    wanted = patterns(rows(sql, panda, 30, f"jobstatus IN {FAULTY}"))
    for pattern, cells in shown(asked(site, days=30)).items():
        counts = names(wanted[pattern], column)
        listed, _, rest = cells[index].partition(" (+")
        first = listed.split(", ") if listed else []
        assert len(first) == min(limit, len(counts))
        assert (int(rest.rstrip(")")) if rest else 0) == len(counts) - len(first)
        assert [counts[name] for name in first] == sorted(counts.values(), reverse=True)[:limit]


def seconds(job: sqlite3.Row) -> float | None:
    """From start to end; PanDA's 1970 and NULL are no times."""
    if any((job[name] or "1970") < "1971" for name in ("starttime", "endtime")):
        return None
    length = datetime.fromisoformat(job["endtime"]) - datetime.fromisoformat(job["starttime"])
    return length.total_seconds() if length.total_seconds() >= 0 else None


def short(mean: float) -> str:
    for limit, size, unit in ((120, 1, "s"), (7200, 60, "m"), (172_800, 3600, "h")):
        if mean < limit:
            return f"{mean / size:.0f}s" if unit == "s" else f"{mean / size:.1f}{unit}"
    return f"{mean / 86_400:.1f}d"


def test_the_mean_time_to_the_error_leaves_out_jobs_without_a_start(
    site: Site, sql: sqlite3.Connection, panda: datetime
) -> None:
    wanted = patterns(rows(sql, panda, 30, f"jobstatus IN {FAULTY}"))
    for pattern, cells in shown(asked(site, days=30)).items():
        lengths = [length for job in wanted[pattern] if (length := seconds(job)) is not None]
        never = sum((job["starttime"] or "1970") < "1971" for job in wanted[pattern])
        mean = short(sum(lengths) / len(lengths)) if lengths else ""
        unstarted = ((f"{never} " if mean else "") + "never started") if never else ""
        assert cells[2] == ", ".join(filter(None, (mean, unstarted)))


def test_paging_and_search_are_ignored_and_both_totals_are_the_rows(site: Site, panda: datetime) -> None:
    everything = asked(site, days=30)
    assert asked(site, **{"days": 30, "start": 40, "length": 10, "search[value]": "zzz"}) == everything
    assert everything["recordsTotal"] == everything["recordsFiltered"] == len(everything["data"]) <= 200


def test_a_component_leads_to_its_diagnostics_with_window_and_filters(site: Site, panda: datetime) -> None:
    row = asked(site, days=30, site="JLAB_OSG_epic", error_source="pilot")["data"][0]
    assert links(row[0]) == ["/swf-monitor/panda/diagnostics/?days=30&error_source=pilot&site=JLAB_OSG_epic"]


def test_no_stored_text_becomes_markup(site: Site, panda: datetime) -> None:
    body = site.get(f"{TABLE}?days=30").content.decode()
    assert "<script>" not in body
    assert "&lt;script&gt;" in body


@pytest.mark.parametrize(
    ("query", "words"),
    [("error_source=nonsense", "no error component called"), ("status=running", "Only failed, cancelled and closed")],
)
def test_a_filter_that_cannot_match_is_named_in_the_page(site: Site, panda: datetime, query: str, words: str) -> None:
    assert words in site.html(f"/panda/errors/?{query}")


def test_the_page_offers_components_statuses_and_the_way_of_counting(site: Site, panda: datetime) -> None:
    found = links(site.html("/panda/errors/?days=14&site=JLAB_OSG_epic&status=failed"))
    assert "/swf-monitor/panda/errors/?days=14&status=failed&site=JLAB_OSG_epic&error_source=pilot" in found
    assert "/swf-monitor/panda/errors/?days=14&status=closed&site=JLAB_OSG_epic" in found
    assert "/swf-monitor/panda/errors/?days=14&status=failed&site=JLAB_OSG_epic&classified=1" in found


def test_an_unreadable_number_is_refused(site: Site, panda: datetime) -> None:
    assert site.get(f"{TABLE}?draw=x").status_code == 400
