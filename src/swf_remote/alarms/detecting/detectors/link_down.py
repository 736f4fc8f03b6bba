"""The link to the monitor is down."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Annotated, Any, ClassVar

from pydantic import Field

from swf_remote.alarms.detecting.contract import Detector, Finding, Link, Match, Parameters
from swf_remote.alarms.detecting.subjects import labelled
from swf_remote.alarms.inputs.answers import Answers
from swf_remote.alarms.inputs.queries import Query, TheLink

FINGERPRINT = "link"


class LinkDownParameters(Parameters):
    """When the link is down for too long."""

    minutes: Annotated[float, Field(ge=0, le=7 * 24 * 60, allow_inf_nan=False)] = Field(
        0, title="For at least", description="Down for so many minutes.", json_schema_extra={"unit": "minutes"}
    )


class LinkDown(Detector[LinkDownParameters]):
    """By what the gateway itself sees."""

    name: ClassVar[str] = "link_down"
    title: ClassVar[str] = "Link down"
    summary: ClassVar[str] = "The gateway does not reach the monitor."
    Parameters = LinkDownParameters

    def queries(self, parameters: LinkDownParameters) -> Sequence[Query[Any]]:
        """How the link is."""
        return (TheLink(),)

    def detect(self, parameters: LinkDownParameters, answers: Answers, firing: AbstractSet[str]) -> Finding:
        """A link that is down since nobody knows when is down for long enough."""
        link = answers[TheLink()]
        if link.up:
            return Finding(())
        minutes = (answers.now - link.since).total_seconds() / 60 if link.since is not None else None
        if minutes is not None and minutes < parameters.minutes and FINGERPRINT not in firing:
            return Finding(())
        since = f"since {link.since:%Y-%m-%d %H:%M} UTC" if link.since is not None else "for an unknown time"
        match = Match(
            fingerprint=FINGERPRINT,
            subject=f"the link to the monitor is down {since}" + (f": {link.broken_at}" if link.broken_at else ""),
            metric="down" if minutes is None else f"down for {max(0, minutes):.0f} min",
            detail=f"Broken at: {link.broken_at or 'unknown'}\nDown {since}",
            labels=labelled(component=link.broken_at),
            values={"minutes": minutes, "broken_at": link.broken_at},
            links=(Link("Link status", "status/"),),
        )
        return Finding((match,))
