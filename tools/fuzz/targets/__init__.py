"""What is fuzzed, by name."""

from __future__ import annotations

from tools.fuzz.case import Target
from tools.fuzz.targets.bodies import Known, Mangled
from tools.fuzz.targets.cells import Cells
from tools.fuzz.targets.codings import Codings
from tools.fuzz.targets.headers import Answers, Requests
from tools.fuzz.targets.paths import Floor, Paths
from tools.fuzz.targets.server import Chunks, Heads, Wire

_ALL: tuple[Target, ...] = (
    *(Mangled(kind) for kind in ("html", "css", "javascript", "json")),
    *(Known(kind) for kind in ("html", "css", "javascript", "json")),
    Cells(),
    Codings(),
    Paths(),
    Floor(),
    Requests(),
    Answers(),
    Heads(),
    Chunks(),
    Wire(),
)
TARGETS = {target.name: target for target in _ALL}
