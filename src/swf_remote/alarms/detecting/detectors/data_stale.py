"""The monitor's data is old."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from swf_remote.alarms.detecting.contract import Detector, Finding, Link, Match, Parameters
from swf_remote.alarms.detecting.parameters import NotAllowed
from swf_remote.alarms.inputs.answers import Answers
from swf_remote.alarms.inputs.queries import InputError, Query, TheLink

FINGERPRINT = "data"
Minutes = Annotated[float, Field(gt=0, le=30 * 24 * 60, allow_inf_nan=False, json_schema_extra={"unit": "minutes"})]


class DataStaleParameters(Parameters):
    """When data is too old."""

    minutes: Minutes = Field(
        15, title="Older than", description="So many minutes.", json_schema_extra={"unit": "minutes"}
    )
    clear_below: Minutes | None = Field(
        None,
        title="Clears below",
        description="What fires goes on until the data is younger than this; empty: as for matching.",
        json_schema_extra={"unit": "minutes"},
    )

    @model_validator(mode="after")
    def _limits_in_order(self) -> Self:
        if self.clear_below is not None and self.clear_below > self.minutes:
            raise NotAllowed("clear_below", f"{self.clear_below:g} is above {self.minutes:g}")
        return self


class DataStale(Detector[DataStaleParameters]):
    """By the time that the monitor tells of its data."""

    name: ClassVar[str] = "data_stale"
    title: ClassVar[str] = "Data stale"
    summary: ClassVar[str] = "The monitor answers, but its data did not change for minutes."
    Parameters = DataStaleParameters

    def queries(self, parameters: DataStaleParameters) -> Sequence[Query[Any]]:
        """How the link is, with the time of the data."""
        return (TheLink(),)

    def detect(self, parameters: DataStaleParameters, answers: Answers, firing: AbstractSet[str]) -> Finding:
        """Equal is not older.

        Raises:
            InputError: nobody tells the time of the data.
        """
        link = answers[TheLink()]
        if link.data_as_of is None:
            raise InputError("the monitor does not tell the time of its data")
        minutes = (answers.now - link.data_as_of).total_seconds() / 60
        limit = parameters.minutes
        if FINGERPRINT in firing and parameters.clear_below is not None:
            limit = parameters.clear_below
        if minutes <= limit:
            return Finding(())
        match = Match(
            fingerprint=FINGERPRINT,
            subject=f"the monitor's data is {minutes:.0f} min old",
            metric=f"{minutes:.0f} min > {limit:g} min",
            detail=f"Data as of: {link.data_as_of:%Y-%m-%d %H:%M} UTC",
            values={"minutes": round(minutes, 1), "data_as_of": link.data_as_of.isoformat()},
            links=(Link("Link status", "status/"),),
        )
        return Finding((match,))
