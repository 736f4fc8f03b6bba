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
    flight = Flight(epochs.mark("/a", "a"), sent=dict, alias=b"", echoed=None)

    async def fetch(_flight: Flight) -> None:
        raise error

    flights.begin(NAME, flight, fetch)
    assert flights.to_join(NAME) is flight
    with pytest.raises(type(error)):
        await flight.join(leads=False).head()
    assert flights.to_join(NAME) is None
    await asyncio.sleep(0)
    assert flights.failed_just_now(NAME) is remembered


async def test_bytes_of_all_that_is_under_way_are_counted_until_it_has_landed_and_been_read() -> None:
    epochs = Epochs()
    flights, goes_on = Flights(epochs), asyncio.Event()

    async def fetch(flight: Flight) -> None:
        await flight.add(b"x" * 1000)
        await flight.add(b"y" * 500)
        await goes_on.wait()

    two = [Flight(epochs.mark("/a", "a"), sent=dict, alias=b"", echoed=None) for _ in range(2)]
    followers = [flight.join(leads=True) for flight in two]
    for number, flight in enumerate(two):
        flights.begin(b"%d" % number, flight, fetch)
    await asyncio.sleep(0)
    assert flights.held == 3000
    two[0].outgrow()
    pieces = followers[0].pieces()
    assert await anext(pieces) == b"x" * 1000
    assert flights.held == 2000
    goes_on.set()
    assert [piece async for piece in pieces] == [b"y" * 500]
    assert [len(piece) async for piece in followers[1].pieces()] == [1000, 500]
    await asyncio.sleep(0)
    assert flights.held == 0
    for follower in followers:
        follower.close()
    assert flights.held == 0
