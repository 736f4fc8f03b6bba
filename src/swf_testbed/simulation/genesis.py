"""A new world: the fixed rows, all queues and storage well, and the first tasks of a campaign."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from swf_testbed.simulation.behaviour import arrivals
from swf_testbed.simulation.behaviour.circumstances import Circumstances
from swf_testbed.simulation.catalogue import reference
from swf_testbed.simulation.catalogue.queues import BY_NAME, QUEUES
from swf_testbed.simulation.core.world import World

if TYPE_CHECKING:
    from swf_testbed.simulation.core.ledger import Ledger


def new_world(
    seed: int,
    at: datetime,
    speed: float = 1.0,
    first_tasks: int = arrivals.OPENING_BURST,
    circumstances: Circumstances | None = None,
) -> World:
    """A world that begins at that time with that many tasks, its first changes in its ledger."""
    world = World(seed, at, circumstances or Circumstances(), speed)
    world.queues = dict(BY_NAME)
    _enter_reference(world.ledger, at)
    for queue in QUEUES:
        row = reference.queue_row(queue.document(), at)
        world.queue_rows[queue.name] = row
        world.ledger.add("schedconfig_json", row)
    for row in reference.storage_rows(at):
        world.storage_rows[row["ddm_endpoint_name"]] = row
        world.ledger.add("ddm_endpoint", row)
    world.circumstances.follow(world)
    arrivals.open_history(world, first_tasks)
    return world


def _enter_reference(ledger: Ledger, at: datetime) -> None:
    for table, row in reference.reference_rows(at):
        ledger.append(table, row)
