"""New tasks: a Poisson stream, busier on weekdays, with a burst when a campaign opens (epic-facts 9)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from swf_testbed.simulation.behaviour import generation, task_life, task_rows
from swf_testbed.simulation.behaviour.task_plan import TaskPlan
from swf_testbed.simulation.behaviour.task_rows import Subject
from swf_testbed.simulation.core.world import Task, World

TASKS_PER_DAY: Final = 29.0
WEEKEND: Final = 0.55
DAY: Final = 86400.0
OPENING_BURST: Final = 40


def open_history(world: World, tasks: int) -> None:
    """The first tasks of a new world: a campaign has just been opened."""
    for _ in range(tasks):
        submit(world)
    follow_arrivals(world)


def follow_arrivals(world: World) -> None:
    """Put the next arrival on the agenda, counted from the last one."""
    rng = world.dice("gap", world.ids["task"])
    busy = WEEKEND if world.last_task_at.weekday() >= 5 else 1.0
    world.later(world.last_task_at, rng.expovariate(TASKS_PER_DAY * busy * _of_day(world.last_task_at) / DAY), _arrive)


def _of_day(at: datetime) -> float:
    """Office hours at the laboratory (14 to 24 UTC) see more submissions; the mean over a day is 1."""
    return 1.48 if at.hour >= 14 else 0.66


def _arrive(world: World) -> None:
    submit(world)
    follow_arrivals(world)


def submit(world: World) -> Task:
    """Somebody submits a task."""
    number = world.number("task")
    plan = world.circumstances.task_plan(world.seed, number, "")
    about = task_rows.subject(world, plan, number)
    site = generation.choose_queue(world, plan.kind, ("site", number)).name if plan.pinned else None
    return enter(world, number, plan, about, site)


def enter(world: World, number: int, plan: TaskPlan, about: Subject, site: str | None) -> Task:
    """A task with this plan begins its life, bound to ``site`` if there is one."""
    task = Task(task_rows.task_row(world, plan, number, about, site), plan)
    world.tasks[number] = task
    world.last_task_at = world.now
    world.ledger.add("jedi_tasks", task.row)
    world.ledger.append("jedi_taskparams", task_rows.parameters_row(task, about))
    task_life.enter(world, task, "registered")
    return task
