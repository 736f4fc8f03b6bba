"""Answers on their way: what their end means for those who ask next."""

from __future__ import annotations

import asyncio

import pytest

from swf_remote.proxy.caching.epochs import Epochs
from swf_remote.proxy.caching.flights import Flight, Flights
from swf_remote.proxy.failures import BusyError, CrowdedError, UpstreamError

NAME = b"a page"


@pytest.mark.parametrize(("error", "remembered"), [(CrowdedError(), False), (BusyError(), True)])
async def test_a_question_that_ended_for_its_first_readers_sake_keeps_nobody_else_from_asking(
    error: UpstreamError, remembered: bool
) -> None:
    epochs = Epochs()
    flights = Flights(epochs)
    flight = Flight(epochs.mark("/a", "a"), sent={}, alias=b"", echoed=None)

    async def fetch(_flight: Flight) -> None:
        raise error

    flights.begin(NAME, flight, fetch)
    assert flights.to_join(NAME) is flight
    with pytest.raises(type(error)):
        await flight.join(leads=False).head()
    assert flights.to_join(NAME) is None
    await asyncio.sleep(0)
    assert flights.failed_just_now(NAME) is remembered
