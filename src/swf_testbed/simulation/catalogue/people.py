"""Invented users, each with the two name forms that PanDA rows hold: "First Last" and a login."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Person:
    """One submitter; ``activity`` is the share of tasks of the person's role."""

    name: str
    login: str
    activity: float
    login_share: float = 0.25

    @property
    def identity(self) -> str:
        """Certificate subject, as `produserid` holds it."""
        return (
            f"/DC=org/DC=cilogon/C=US/O=Example Laboratory/CN={self.name} A{sum(map(ord, self.login)) * 37 % 99999:05d}"
        )


OPERATORS: Final = (
    Person("Marta Kowalczyk", "mkowalczyk", 5, 0.1),
    Person("Tomas Reyes", "treyes", 3),
    Person("Ingrid Solheim", "isolheimeic", 2, 0.6),
    Person("Production Robot", "epicprodbot", 1, 1.0),
)
ANALYSTS: Final = (
    Person("Aiko Tanabe", "atanabe", 4),
    Person("Zoë O'Callaghan", "zocallag", 3),
    Person("Lucas Ferreira", "lferreira", 3, 0.5),
    Person("Priya Raman", "praman", 2),
    Person("Jonas Weißhaupt", "jweiss", 2, 0.0),
    Person("Nadia Benali", "nbenalieic", 2, 0.7),
    Person("Owen Castellanos-Iturriaga", "ocastellanos", 1),
    Person("Song Min-jun", "sminjun", 1),
)
STREAMERS: Final = (Person("Stream Agent", "swfagent", 3, 1.0), Person("Hannah Lindgren", "hlindgren", 1))
