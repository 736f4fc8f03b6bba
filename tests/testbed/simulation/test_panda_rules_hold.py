"""Whatever the seed, the speed and the pauses: the simulated tables keep PanDA's rules at every moment."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swf_testbed.simulation.behaviour import job_life
from swf_testbed.simulation.core.world import Job, World
from swf_testbed.simulation.genesis import new_world
from swf_testbed.simulation.states import legal, moves
from tests.testbed.simulation.panda_rules import (
    JOB_NEXT,
    TASK_TERMINAL,
    TERMINAL,
    Tables,
    task_step_is_legal,
    violations,
)

pytestmark = pytest.mark.slow

BEGIN = datetime.fromisoformat("2026-11-10")


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    seed=st.integers(0, 10**9),
    speed=st.sampled_from([0.3, 0.5, 1.0, 7.0, 60.0, 3600.0]),
    parts=st.lists(st.floats(0.2, 9.0), min_size=2, max_size=5),
    later_speed=st.sampled_from([1.0, 25.0]),
)
def test_every_step_of_any_history_is_legal_and_the_books_balance(
    seed: int, speed: float, parts: list[float], later_speed: float
) -> None:
    world, tables = new_world(seed, BEGIN, speed, first_tasks=3), Tables()
    for number, hours in enumerate(parts):
        world.advance(world.now + timedelta(hours=hours / world.speed))
        tables.take(world.ledger)
        assert violations(tables, world.now) == []
        if number == 1:
            world.change_speed(later_speed)


def test_a_long_history_takes_thousands_of_steps_through_nearly_every_state() -> None:
    world, tables = new_world(11, BEGIN, first_tasks=24), Tables()
    world.advance(BEGIN + timedelta(hours=40))
    tables.take(world.ledger)
    assert violations(tables, world.now) == []
    jobs = {row["jobstatus"] for row in tables["jobs_statuslog"]}
    tasks = {row["status"] for row in tables["tasks_statuslog"]}
    assert len(tables["jobs_statuslog"]) > 5000
    assert jobs == set(legal.JOB_STEPS) - {"", "assigned"} | TERMINAL
    assert tasks >= {
        "registered",
        "defined",
        "ready",
        "scouting",
        "scouted",
        "running",
        "paused",
        "throttled",
        "prepared",
    }
    assert tasks >= {"aborting", "toabort", "finishing", "passed"} | (TASK_TERMINAL - {"broken", "failed"})


def test_the_table_of_legal_steps_allows_nothing_that_panda_forbids() -> None:
    jobs = {(old, new) for old, following in legal.JOB_STEPS.items() if old for new in following}
    assert jobs <= JOB_NEXT
    holds = {"paused", "pending", "throttled"}
    tasks = [(old, new) for old, following in legal.TASK_STEPS.items() if old for new in following]
    assert [step for step in tasks if not task_step_is_legal(*step, left=step[1] if step[0] in holds else None)] == []


def a_job(world: World) -> Job:
    world.advance(world.now + timedelta(minutes=40))
    return next(job for task in world.tasks.values() for job in task.jobs.values())


def test_a_step_that_panda_does_not_take_is_refused() -> None:
    world = new_world(3, BEGIN)
    job = a_job(world)
    with pytest.raises(legal.IllegalTransitionError, match="finished"):
        moves.move_job(world, job, "finished")
    with pytest.raises(legal.IllegalTransitionError, match="done"):
        moves.move_task(world, job.task, "done")


def test_the_checker_itself_sees_a_job_in_two_tables_a_wrong_step_and_a_wrong_counter() -> None:
    world, tables = new_world(5, BEGIN), Tables()
    world.advance(BEGIN + timedelta(hours=4))
    tables.take(world.ledger)
    job = next(row for row in tables["jobsarchived4"] if row["jobstatus"] == "finished")
    tables.rows["jobsactive4"][job["pandaid"]] = {**job, "jobstatus": "running"}
    log = next(row for row in tables["jobs_statuslog"] if row["jobstatus"] == "holding")
    log["jobstatus"] = "activated"
    tables["jedi_datasets"][0]["nfilesfinished"] += 1
    found = "\n".join(violations(tables, world.now))
    assert f"job {job['pandaid']} has 2 rows" in found
    assert "running -> activated" in found
    assert "but its files say" in found


def test_a_killed_waiting_job_ends_at_once_without_a_start_time() -> None:
    world = new_world(3, BEGIN)
    job = a_job(world)
    while job.state in job_life.HELD_BY_PILOT:
        job = a_job(world)
    job_life.kill(world, job, "killed in a test")
    assert (job.state, job.table, job.row["starttime"]) == ("cancelled", "jobsarchived4", None)
    assert job.row["endtime"] == world.now


def test_a_kill_of_a_running_job_waits_for_its_pilot() -> None:
    world = new_world(3, BEGIN)
    job = a_job(world)
    while job.state != "running":
        world.advance(world.now + timedelta(minutes=5))
        job = next((j for t in world.tasks.values() for j in t.jobs.values() if j.state == "running"), job)
    job_life.kill(world, job, "killed in a test")
    assert (job.state, job.row["commandtopilot"]) == ("running", "tobekilled")
    world.advance(world.now + timedelta(minutes=30))
    assert (job.state, job.row["piloterrorcode"]) == ("cancelled", 1144)


def test_what_is_left_out_between_two_writings_is_what_nobody_could_have_seen() -> None:
    worlds = []
    for parts in (1, 7):
        world, tables = new_world(21, BEGIN, first_tasks=2), Tables()
        for _ in range(parts):
            world.advance(world.now + timedelta(hours=14) / parts)
            tables.take(world.ledger)
        worlds.append(tables)
    whole, in_parts = worlds
    for name in ("jobsarchived4", "jobsactive4", "jobs_statuslog", "jedi_tasks", "jedi_datasets", "filestable4"):
        assert whole[name] == in_parts[name] or sorted(map(repr, whole[name])) == sorted(map(repr, in_parts[name])), (
            name
        )


def test_debugged_jobs_report_every_minute_and_others_every_half_hour() -> None:
    world = new_world(3, BEGIN)
    world.advance(BEGIN + timedelta(hours=3))
    running = [job for task in world.tasks.values() for job in task.jobs.values() if job.state == "running"]
    ages = {True: set[float](), False: set[float]()}
    for job in running:
        silent = job.plan.luck < 0.1
        if not silent and job.row["commandtopilot"] is None:
            ages[job.plan.debugged].add((world.now - job.row["modificationtime"]).total_seconds())
    assert 0 < max(ages[True]) <= 61
    assert 60 < max(ages[False]) <= 1801
