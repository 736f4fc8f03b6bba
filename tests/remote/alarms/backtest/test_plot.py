"""The picture of a trial: well-formed, escaped, bounded, and the same in words."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from swf_remote.alarms.backtest.plot import BARS, LABELS, MOST_ROWS, strip
from swf_remote.alarms.backtest.result import Backtest, Episode, Message
from tests.remote.alarms.detecting.worlds import NOW, hours_ago

DAY = timedelta(days=1)


def episode(begin: float, end: float | None, fingerprint: str = "task:7", **fields: Any) -> Episode:
    """Something that fired, in hours ago."""
    known = {"subject": "task 7 fails", "severity": "warning", "values": {}} | fields
    over = None if end is None else hours_ago(end)
    return Episode(fingerprint, fired_at=hours_ago(begin), resolved_at=over, **known)


def found(*episodes: Episode, messages: tuple[Message, ...] = (), **fields: Any) -> Backtest:
    """A trial over three days."""
    known = {"asked_since": NOW - 3 * DAY, "sees_since": NOW - 3 * DAY, "until": NOW, "ticks": 9, "evaluated": 9}
    return Backtest(**(known | fields), episodes=episodes, messages=messages)


def drawn(trial: Backtest) -> ET.Element:
    """The picture, read as XML."""
    return ET.fromstring(strip(trial))


def bars(picture: ET.Element) -> list[tuple[str, float, float]]:
    """Look, begin and end of each bar, as shares of the time."""
    places = []
    for one in picture.iter("rect"):
        look, x, width = str(one.get("class")), int(str(one.get("x"))), int(str(one.get("width")))
        if look.startswith("trial-"):
            places.append((look, (x - LABELS) / BARS, (x + width - LABELS) / BARS))
    return places


def names(picture: ET.Element) -> list[str]:
    """Names of the rows."""
    return [str(one.text) for one in picture.iter("text") if one.get("class") == "trial-name"]


def test_a_bar_is_where_the_episode_is() -> None:
    picture = drawn(found(episode(48, 36), episode(12, None, severity="critical")))
    (first, begin, end), (second, last_begin, last_end) = bars(picture)
    assert (first, second) == ("trial-warning", "trial-critical")
    assert [round(one, 2) for one in (begin, end, last_begin, last_end)] == [0.33, 0.5, 0.83, 1.0]
    assert names(picture) == ["messages", "task:7"]


def test_it_says_in_words_what_it_shows() -> None:
    trial = found(episode(48, 36), messages=(Message(hours_ago(48), 1, 0, 0), Message(hours_ago(36), 0, 0, 1)))
    picture = drawn(trial)
    assert picture.get("role") == "img"
    assert [one.text for one in picture.iter("desc")] == [" ".join(trial.words())]
    titles = [one.text for one in picture.iter("title")]
    assert titles == [
        "When it would have fired",
        "2026-11-27 12:00 UTC: message, 1 new, 0 still firing, 0 over",
        "2026-11-28 00:00 UTC: message, 0 new, 0 still firing, 1 over",
        "task:7, warning: fired 2026-11-27 12:00 UTC for 12 h. task 7 fails",
    ]


def test_days_are_named_at_their_midnight() -> None:
    labels = [one.text for one in drawn(found()).iter("text") if one.get("class") == "trial-axis"]
    assert labels == ["11-27", "11-28", "11-29"]
    month = drawn(found(asked_since=NOW - 30 * DAY))
    assert 5 <= sum(one.get("class") == "trial-axis" for one in month.iter("text")) <= 10


def test_the_time_of_which_nothing_is_kept_is_pale() -> None:
    picture = drawn(found(sees_since=NOW - DAY))
    (pale,) = [one for one in picture.iter("rect") if one.get("class") == "strip-unseen"]
    assert round(int(str(pale.get("width"))) / BARS, 2) == 0.67
    assert not any(one.get("class") == "strip-unseen" for one in drawn(found()).iter("rect"))


def test_beyond_thirty_rows_the_others_are_one() -> None:
    trial = found(*(episode(60 - number / 10, 50 - number / 2, f"task:{number}") for number in range(90)))
    rows = names(drawn(trial))
    assert len(rows) == MOST_ROWS + 1
    assert rows[-1] == "61 others"


def test_bars_that_touch_are_one_so_that_the_picture_stays_small() -> None:
    flapping = [episode(70 - number / 100, 70 - number / 100 - 0.005) for number in range(6000)]
    assert len(strip(found(*flapping))) < 20_000


def test_nothing_of_the_data_is_markup() -> None:
    evil = '</svg><script>alert("1")</script>'
    text = strip(found(episode(9, None, evil, subject=f"{evil}\x00\x1b[0m", severity=evil), failed={evil: 1}))
    assert "<script" not in text
    assert "\x00" not in text
    assert "style=" not in text
    ET.fromstring(text)


_texts = st.text(st.characters(codec="utf-8", categories=["L", "P", "S", "Zs"]), max_size=50)


@settings(max_examples=50)
@given(
    st.lists(
        st.builds(
            episode,
            st.floats(20, 72),
            st.none() | st.floats(0, 19),
            _texts,
            subject=_texts,
            severity=st.sampled_from(["info", "warning", "critical", "other"]),
        ),
        max_size=40,
    ),
    st.lists(st.builds(Message, st.floats(0, 72).map(hours_ago), st.just(1), st.just(0), st.just(2)), max_size=9),
)
def test_every_trial_is_a_picture_within_its_frame(episodes: list[Episode], messages: list[Message]) -> None:
    picture = drawn(found(*episodes, messages=tuple(sorted(messages, key=lambda one: one.at))))
    width, height = (int(str(picture.get(name))) for name in ("width", "height"))
    for one in picture.iter("rect"):
        assert 0 <= int(str(one.get("x"))) <= int(str(one.get("x"))) + int(str(one.get("width"))) <= width
        assert 0 <= int(str(one.get("y"))) <= int(str(one.get("y"))) + int(str(one.get("height"))) <= height


def test_words_say_how_far_back_it_sees_and_what_was_found() -> None:
    trial = found(
        episode(9, 8), episode(7, None, "task:8"), messages=(Message(hours_ago(9), 2, 1, 0),),
        sees_since=NOW - DAY, failed={"the monitor did not answer": 3}, complete=False,
    )  # fmt: skip
    assert trial.words() == [
        "It was tried on 9 ticks from 2026-11-28 12:00 UTC to 2026-11-29 12:00 UTC; it was due and evaluated in 9 of "
        "them. Nothing is kept of the time before, back to 2026-11-26 12:00 UTC.",
        "It would have fired 2 times about 2 subjects and sent 1 message (2 new, 1 still firing, 0 over).",
        "It could not be evaluated in 3 ticks: the monitor did not answer (3).",
        "It was not tried to the end, but only up to 2026-11-29 12:00 UTC.",
    ]
