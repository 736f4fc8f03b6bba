"""Which state may follow which (panda-states 1, 4 and 8), and which table holds a job in which state.

The tables below are enforced at run time: whatever a behaviour asks for, a step that is not here raises
`IllegalTransitionError`.
"""

from __future__ import annotations

from typing import Final

JOB_TABLE: Final = {
    **dict.fromkeys(("pending", "defined", "waiting", "assigned"), "jobsdefined4"),
    **dict.fromkeys(
        ("throttled", "activated", "sent", "starting", "running", "holding", "transferring"), "jobsactive4"
    ),
    **dict.fromkeys(("finished", "failed", "cancelled", "closed"), "jobsarchived4"),
}
JOB_FINAL: Final = frozenset({"finished", "failed", "cancelled", "closed"})
_KILL: Final = frozenset({"cancelled", "closed"})

JOB_STEPS: Final[dict[str, frozenset[str]]] = {
    "": frozenset({"pending"}),
    "pending": frozenset({"defined", "activated"}) | _KILL,
    "defined": frozenset({"assigned", "activated"}) | _KILL,
    "assigned": frozenset({"activated"}) | _KILL,
    "activated": frozenset({"sent", "starting", "throttled"}) | _KILL,
    "throttled": frozenset({"activated"}) | _KILL,
    "sent": frozenset({"starting", "running", "failed"}) | _KILL,
    "starting": frozenset({"running", "failed"}) | _KILL,
    "running": frozenset({"holding", "transferring", "failed"}) | _KILL,
    "holding": frozenset({"transferring", "finished", "failed"}) | _KILL,
    "transferring": frozenset({"finished", "failed"}) | _KILL,
}

TASK_FINAL: Final = frozenset({"done", "finished", "failed", "aborted", "broken"})
_TASK_ABORT: Final = frozenset({"aborting"})
_TASK_HOLD: Final = frozenset({"paused", "pending", "throttled", "aborting", "finishing"})

TASK_STEPS: Final[dict[str, frozenset[str]]] = {
    "": frozenset({"registered"}),
    "registered": frozenset({"defined", "pending", "tobroken"}) | _TASK_ABORT,
    "defined": frozenset({"assigning", "ready", "pending"}) | _TASK_ABORT,
    "assigning": frozenset({"ready"}) | _TASK_ABORT,
    "ready": frozenset({"scouting", "running"}) | _TASK_HOLD,
    "scouting": frozenset({"scouted", "exhausted"}) | _TASK_HOLD,
    "scouted": frozenset({"running"}) | _TASK_ABORT,
    "running": frozenset({"prepared", "exhausted"}) | _TASK_HOLD,
    "pending": frozenset({"registered", "defined", "ready", "scouting", "running"}) | _TASK_ABORT,
    "throttled": frozenset({"ready", "scouting", "running"}) | _TASK_ABORT,
    "paused": frozenset({"ready", "scouting", "running"}) | _TASK_ABORT,
    "exhausted": frozenset({"toretry", "finishing"}) | _TASK_ABORT,
    "finishing": frozenset({"passed"}),
    "passed": frozenset({"prepared"}),
    "prepared": frozenset({"done", "finished", "failed"}),
    "aborting": frozenset({"toabort"}),
    "toabort": frozenset({"aborted"}),
    "tobroken": frozenset({"broken"}),
    "finished": frozenset({"toretry"}),
    "failed": frozenset({"toretry"}),
    "aborted": frozenset({"toretry"}),
    "toretry": frozenset({"ready"}),
    "done": frozenset(),
    "broken": frozenset(),
}

WORKER_FINAL: Final = frozenset({"finished", "failed", "cancelled", "missed"})
WORKER_STEPS: Final[dict[str, frozenset[str]]] = {
    "": frozenset({"submitted"}),
    "submitted": frozenset({"running", "failed", "cancelled", "missed"}),
    "running": frozenset({"finished", "failed", "cancelled"}),
}

#: A queue in trouble goes round: no new work, then shut, then tried with tests, then open (an invention of ours).
QUEUE_STEPS: Final[dict[str, frozenset[str]]] = {
    "online": frozenset({"brokeroff"}),
    "brokeroff": frozenset({"offline", "online"}),
    "offline": frozenset({"test"}),
    "test": frozenset({"online"}),
}


class IllegalTransitionError(Exception):
    """A behaviour asked for a step that PanDA does not take."""


def require(steps: dict[str, frozenset[str]], what: str, old: str, new: str) -> None:
    """Refuse a step that is not in the table.

    Raises:
        IllegalTransitionError: the step is not there.
    """
    if new not in steps.get(old, ()):
        raise IllegalTransitionError(f"{what}: {old or 'nothing'} -> {new}")
