"""The state of the link in words: what is broken, since when, what still works."""

from datetime import UTC, datetime, timedelta

import pytest

from swf_remote.proxy.link import LinkRecord, Observation, Place
from swf_remote.status.report import Health, PartState, Report, report

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PATIENCE = timedelta(seconds=20)
OK = Observation(None, "", 12.0)
NO_TUNNEL = Observation(Place.TUNNEL, "The SSH tunnel is down.")
NO_MONITOR = Observation(Place.MONITOR, "The tunnel stands, but the monitor does not answer.")
NO_FEED = Observation(Place.DATA, "The monitor reports a fault: PanDA feed silent.", 15.0)
GOOD, BROKEN, UNKNOWN = PartState.OK, PartState.BROKEN, PartState.UNKNOWN


class Link:
    """A link record with a clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = START
        self.record = LinkRecord(clock=lambda: self.now)

    def sees(self, seen: Observation, after: timedelta = timedelta()) -> "Link":
        self.now += after
        self.record.note(seen)
        return self

    def report(self, after: timedelta = timedelta()) -> Report:
        self.now += after
        return report(self.record.state(), self.now, PATIENCE)


@pytest.mark.parametrize(
    ("seen", "health", "states"),
    [
        (OK, Health.UP, [GOOD, GOOD, GOOD, GOOD, GOOD]),
        (NO_TUNNEL, Health.DOWN, [GOOD, GOOD, BROKEN, UNKNOWN, UNKNOWN]),
        (NO_MONITOR, Health.DOWN, [GOOD, GOOD, GOOD, BROKEN, UNKNOWN]),
        (NO_FEED, Health.DEGRADED, [GOOD, GOOD, GOOD, GOOD, BROKEN]),
    ],
)
def test_the_chain_works_up_to_the_break_and_is_unknown_behind_it(
    seen: Observation, health: Health, states: list[PartState]
) -> None:
    told = Link().sees(seen).report()
    assert told.health is health
    assert [part.state for part in told.parts] == states
    assert [part.name for part in told.parts] == ["Browser", "Gateway", "SSH tunnel", "Monitor", "Database"]


def test_before_the_first_look_nothing_is_claimed() -> None:
    told = Link().report()
    assert told.health is Health.UNKNOWN
    assert [part.state for part in told.parts] == [GOOD, GOOD, UNKNOWN, UNKNOWN, UNKNOWN]
    assert told.answer_times == ""


def test_a_link_that_was_not_looked_at_lately_is_not_called_up() -> None:
    link = Link().sees(OK)
    assert link.report(PATIENCE).health is Health.UP
    assert link.report(timedelta(seconds=1)).health is Health.UNKNOWN


def test_the_headline_counts_how_long_it_has_been_down() -> None:
    told = Link().sees(OK).sees(NO_TUNNEL, timedelta(hours=1)).report(timedelta(minutes=22))
    assert told.headline == "Link to the laboratory: down for 22 min"
    assert told.sentence == "The SSH tunnel is down."
    assert told.since == START + timedelta(hours=1)
    assert told.last_good == START


def test_a_fault_of_the_data_is_no_broken_link() -> None:
    told = Link().sees(NO_FEED).report(timedelta(seconds=10))
    assert told.headline == "Link to the laboratory: up, data at fault for 10 s"
    assert told.sentence == "The monitor reports a fault: PanDA feed silent."


@pytest.mark.parametrize(
    ("seen", "works", "broken"), [(OK, 3, 0), (NO_TUNNEL, 1, 2), (NO_MONITOR, 1, 2), (NO_FEED, 2, 1)]
)
def test_what_works_and_what_does_not_is_told(seen: Observation, works: int, broken: int) -> None:
    told = Link().sees(seen).report()
    assert (len(told.works), len(told.broken)) == (works, broken)
    assert any("this page" in item for item in told.works), "the page one reads always works"


def test_without_incidents_the_page_says_so() -> None:
    link = Link().sees(OK)
    assert link.report().incident_sentence == "No incident since the start."
    link.sees(OK, timedelta(days=1))
    assert link.report().incident_sentence == "No incident in the last 24 hours."


def test_incidents_are_counted_and_added_up() -> None:
    link = Link().sees(OK).sees(NO_TUNNEL).sees(OK, timedelta(minutes=10)).sees(NO_FEED, timedelta(hours=1))
    told = link.report(timedelta(minutes=5))
    assert told.incident_sentence == "2 incidents in the last 24 hours, 15 min in all."
    assert [one.what for one in told.incidents] == [Place.DATA, Place.TUNNEL]


def test_an_incident_that_began_earlier_counts_only_within_the_day() -> None:
    told = Link().sees(NO_TUNNEL).sees(OK, timedelta(hours=20)).report(timedelta(hours=20))
    assert told.incident_sentence == "1 incident in the last 24 hours, 4 h in all."
    [stretch] = told.strip
    assert (stretch.start, stretch.width) == (0, 240)


def test_the_strip_shows_when_it_was_and_no_less_than_can_be_seen() -> None:
    link = Link().sees(OK).sees(NO_TUNNEL, timedelta(hours=12)).sees(OK, timedelta(seconds=5))
    [stretch] = link.report(timedelta(hours=12)).strip
    assert (stretch.start, stretch.width) == (720 - 1, 4)


def test_the_strip_never_leaves_its_box() -> None:
    link = Link().sees(OK).sees(NO_TUNNEL, timedelta(days=2))
    [stretch] = link.report().strip
    assert stretch.start + stretch.width <= 1440


def test_the_time_before_the_gateway_started_is_marked() -> None:
    link = Link().sees(OK)
    unseen = link.report(timedelta(hours=6)).unseen
    assert unseen is not None and (unseen.start, unseen.width) == (0, 18 * 60)
    assert link.report(timedelta(days=1)).unseen is None


def test_answer_times_are_told_with_their_number() -> None:
    link = Link().sees(OK)
    assert link.report().answer_times == "12 ms median, 12 ms 95th percentile, of the last 1 looks"
    for milliseconds in range(1, 60):
        link.sees(Observation(None, "", float(milliseconds)))
    assert link.report().answer_times.endswith("of the last 60 looks")
