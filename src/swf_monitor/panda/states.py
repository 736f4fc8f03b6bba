"""The states of jobs and tasks: order, group, colours and meaning.

One table, from which badges, fills, titles and counting rules are taken. Colours are those of the contract (4.12);
``static/css/state-colors.css`` repeats them for the browser and a test compares the two. Groups decide the shape
beside the word, so that colour is never the only sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class State:
    """One state word as PanDA writes it.

    Attributes:
        word: the word, lower case, as stored.
        group: finished, running, ending, near, far, problem, failed, cancelled or unknown.
        meaning: one line for the reader, shown as the title of a fill.
        task_badge, job_badge: colours of the contract, ``#rrggbb``, or empty where it has none.
        fill: colour of a whole table cell, or empty.
    """

    word: str
    group: str
    meaning: str
    task_badge: str = ""
    job_badge: str = ""
    fill: str = ""


SHAPES: Final[dict[str, str]] = {
    "finished": "check",
    "running": "triangle",
    "ending": "arrow",
    "near": "half",
    "far": "ring",
    "problem": "diamond",
    "failed": "cross",
    "cancelled": "slash",
    "unknown": "question",
}

_STATES: Final = (
    State("registered", "far", "accepted, not yet refined", "#4a4a4a", "", "#e6f0f6"),
    State("pending", "far", "held back for the moment", "#deb900", "#c7c7c7", "#FFF5D6"),
    State("defined", "far", "defined, not yet placed at a site", "#2174bb", "#2174bb", "#e6f0f6"),
    State("waiting", "far", "waits for its inputs", "#c7c7c7", "#808080", "#FFF5D6"),
    State("assigning", "near", "a site is being chosen", "#099999", "#099999", "#d9efef"),
    State("assigned", "near", "a site is chosen, inputs are being placed", "", "", "#d9efef"),
    State("staging", "running", "inputs are being brought from tape", "", "", "#f1e8ff"),
    State("staged", "running", "inputs have been brought from tape"),
    State("ready", "near", "may generate jobs", "#099999", "", "#d9efde"),
    State("throttled", "problem", "held back on purpose, to limit the load", "#FF9933", "#FF9933", "#FFE38E"),
    State("activated", "near", "ready to be taken by a pilot", "", "#3b8e67", "#d9efde"),
    State("sent", "near", "handed to a pilot that has not answered yet", "", "#FFD65D", "#FFF5D6"),
    State("starting", "running", "the pilot has it, the payload does not run yet", "", "#addf80", "#C7E9A9"),
    State("stagein", "running", "inputs are being copied"),
    State("scouting", "running", "a few first jobs measure what the task needs", "#addf80", "", "#DBF1C6"),
    State("scouted", "running", "the first jobs were good enough", "#addf80", "", "#C7E9A9"),
    State("running", "running", "is being processed", "#47D147", "#47D147", "#C7E9A9"),
    State("paused", "problem", "stopped by a person or a protection, no new jobs", "#808080", "", "#edeeef"),
    State("exhausted", "problem", "cannot go on without a person", "#e67300", "", "#FFE38E"),
    State("stageout", "ending", "outputs are being copied"),
    State("holding", "ending", "the pilot has reported, outputs are being registered", "", "#deb900", "#FFE38E"),
    State("transferring", "ending", "outputs move to their final place", "", "#DBF1C6", "#addf80"),
    State("merging", "ending", "outputs are being merged", "", "#207f20", "#addf80"),
    State("prepared", "ending", "all work done, the last steps begin", "#4a4a4a", "", "#96ca69"),
    State("passed", "ending", "told to finish with what is there", "#1a1a1a", "", "#edeeef"),
    State("finishing", "ending", "a command to finish is being carried out"),
    State("done", "finished", "all of the input was processed", "#165616", "", "#62AC21"),
    State(
        "finished", "finished", "ended well; a task: part of the input was processed", "#207f20", "#165616", "#96ca69"
    ),
    State("failed", "failed", "ended with an error", "#ff0000", "#ff0000", "#FFABA2"),
    State("broken", "failed", "cannot run: its definition is wrong", "#b22222", "#b22222", "#db9591"),
    State("cancelled", "cancelled", "stopped by a person or by the system", "", "#e67300", "#FFD65D"),
    State("closed", "cancelled", "ended by the system before it did useful work", "", "#4a4a4a", "#bdbdbd"),
    State("aborting", "cancelled", "is being stopped", "#FF8174", "", "#FFABA2"),
    State("toabort", "cancelled", "is to be stopped", "#ff9896"),
    State("aborted", "cancelled", "was stopped", "#FF8174", "", "#FFABA2"),
    State("rerefine", "far", "is being set up again", "#4a4a4a", "", "#62AC21"),
    State("toretry", "far", "failed parts are to be done again"),
    State("toincexec", "far", "new input is to be processed"),
    State("toreassign", "near", "is to be placed at another site"),
    State("reassigning", "near", "is being placed at another site"),
    State("topreprocess", "running", "a preparatory step is about to start"),
    State("preprocessing", "running", "a preparatory step is running"),
    State("tobroken", "failed", "is being given up: its definition is wrong"),
    State("unknown", "unknown", "PanDA itself says unknown", "", "", "#bdbdbd"),
)

STATES: Final[dict[str, State]] = {state.word: state for state in _STATES}
"""All known states by word, in the order of a life."""

ACTIVE_JOB_STATES: Final = (
    "defined",
    "waiting",
    "assigned",
    "activated",
    "sent",
    "starting",
    "running",
    "holding",
    "transferring",
    "merging",
)
"""The states counted as active in task tables (contract 4.8)."""

WAITING_JOB_STATES: Final = ("defined", "waiting", "assigned", "activated", "sent", "starting")
"""Those of them in which a job waits for its payload to begin."""

FAULTY_JOB_STATES: Final = ("failed", "cancelled", "closed")
"""The states of the error and diagnostics pages (contract 4.9)."""

TERMINAL_TASK_STATES: Final = ("done", "failed", "aborted", "broken", "finished")
"""Tasks in these states never change by themselves (contract, section 4)."""

_ORDER: Final = {word: position for position, word in enumerate(STATES)}


def state_of(word: str | None) -> State:
    """The state of a stored word; an unheard-of word is shown as received, in the unknown group."""
    known = STATES.get(word or "")
    return known if known else State(word or "", "unknown", "a state this monitor does not know")


def life_order(word: str | None) -> int:
    """A sort key that puts states in the order of a life, unheard-of words last."""
    return _ORDER.get(word or "", len(_ORDER))


def shape_of(word: str | None) -> str:
    """The name of the shape drawn beside the word: a symbol ``shape-<name>`` of the base template's sprite."""
    return SHAPES[state_of(word).group]
