"""What messages say: everything that counts, in bounds, and nothing that a name could smuggle in."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from swf_remote.alarms.acknowledge_links import ANYBODY, Permit, read_token
from swf_remote.alarms.delivery.compose import LONGEST_SUBJECT, MOST_ITEMS, compose
from swf_remote.alarms.delivery.rendering import as_html, as_text
from swf_remote.alarms.models import Event
from swf_remote.alarms.routing.news import News
from tests.remote.alarms.delivery.news import NOW, URL, alarm, composed, event, over, saved_alarm

HOSTILE = "task\r\nBcc: eve@evil.example\x00\u202e<img src=https://evil.example/x onerror=alert(1)>&amp;\u2028\ud800"


class Seen(HTMLParser):
    """What a mail reader would do with a document."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(news: News, **fields: object) -> Seen:
    reader = Seen()
    reader.feed(as_html(composed(news, **fields)))
    return reader


def test_the_subject_says_how_bad_it_is_which_alarm_it_is_and_how_many_events_of_each_kind_there_are() -> None:
    news = News(new=[event(1), event(2, severity="critical")], continuing=[event(3)], cleared=[over(4)])
    assert composed(news).subject == "[critical] failures: 3 detections, 2 new, 1 continuing, 1 cleared"


def test_the_subject_names_the_event_where_there_is_only_one() -> None:
    subject = composed(News(new=[event(7)])).subject
    assert subject == "[warning] failures: 1 detection, 1 new: task 7 (running) final-failure rate 12.4 %"


def test_the_subject_of_a_message_of_ends_alone_says_cleared() -> None:
    assert composed(News(cleared=[over(1), over(2)])).subject == "[cleared] failures: 2 cleared"


def test_a_test_is_marked_in_the_subject_and_says_who_asked_for_it() -> None:
    message = compose(alarm(), News(), public_url=URL, now=NOW, test_by="alice")
    assert message.subject == "[TEST] [warning] failures: nothing to tell"
    assert "This is a test, asked for by alice. Nothing fires now." in as_text(message)
    assert "This is a test, asked for by alice. Nothing fires now." in as_html(message)


def test_the_text_begins_with_what_the_alarm_means() -> None:
    text = as_text(composed(News(new=[event()]), description="Look at the logs.\nThen call the shift."))
    assert text.startswith("Tasks that fail\n\nLook at the logs.\nThen call the shift.\n\n---\n")


@pytest.mark.parametrize(
    ("news", "title"),
    [
        (News(new=[event()]), "NEW (1)"),
        (News(continuing=[event(), event(2)]), "CONTINUING (TOLD AGAIN) (2)"),
        (News(cleared=[over()]), "CLEARED (1)"),
        (News(escalated=[event()]), "NOT ACKNOWLEDGED (1)"),
    ],
)
def test_each_kind_of_news_has_its_section(news: News, title: str) -> None:
    assert f"\n{title}\n" in as_text(composed(news))


def test_an_event_comes_with_its_subject_its_times_its_detail_its_page_and_the_monitors_pages() -> None:
    one = event(4711, detail="Owner: bob\nSite: BNL")
    lines = [line.strip() for line in as_text(composed(News(new=[one]))).splitlines()]
    begin = lines.index("[1] warning: task 4711 (running) final-failure rate 12.4 %")
    assert lines[begin + 1 : begin + 6] == [
        "since 2026-11-29 02:14 UTC (1 h)",
        "Owner: bob",
        "Site: BNL",
        f"Event: {URL}/alarms/events/{one.pk}/",
        f"Task 4711: {URL}/panda/tasks/4711/",
    ]


def test_what_is_escalated_says_since_when_nobody_has_acknowledged_it() -> None:
    message = composed(News(escalated=[event(7, unacknowledged_since=NOW - timedelta(minutes=45))]))
    assert message.subject == (
        "[warning] failures: 1 detection, 1 not acknowledged: task 7 (running) final-failure rate 12.4 %"
    )
    words = "nobody has acknowledged it since 2026-11-29 02:29 UTC (45 min)"
    assert words in as_text(message)
    assert words in as_html(message)


def test_an_end_says_from_when_to_when_and_why() -> None:
    assert "2026-11-29 02:14 UTC to 2026-11-29 03:14 UTC (1 h): No longer matches." in as_text(
        composed(News(cleared=[over()]))
    )


def test_those_who_fire_and_are_not_told_are_counted() -> None:
    text = as_text(composed(News(new=[event()], acknowledged=2, silenced=3)))
    assert "Not told here: 2 acknowledged, 3 silenced or explained by others." in text


def test_the_worst_comes_first() -> None:
    news = News(new=[event(1, severity="info"), event(2), event(3, severity="critical")])
    text = as_text(composed(news))
    assert text.index("task 3") < text.index("task 2") < text.index("task 1")


def test_events_are_grouped_under_the_label_that_the_alarm_names() -> None:
    sites = {1: "BNL", 2: "CERN", 3: "BNL"}
    news = News(new=[event(number, labels={"site": site}) for number, site in sites.items()] + [event(4, labels={})])
    text = as_text(composed(news, group_by="site"))
    places = [text.index(words) for words in ("site BNL:", "task 1 ", "task 3 ", "site CERN:", "task 2 ", "no site:")]
    assert places == sorted(places)


def test_a_big_message_lists_the_first_events_counts_all_and_says_where_the_others_are() -> None:
    news = News(new=[event(number) for number in range(MOST_ITEMS + 30)], cleared=[over(999)])
    message = composed(news)
    assert f"{MOST_ITEMS + 30} new, 1 cleared" in message.subject
    assert message.left_out == 31
    assert as_text(message).count("Event: ") == MOST_ITEMS
    assert f"31 events more, not listed here. All: {URL}/alarms/" in as_text(message)
    assert "31 events more, not listed here." in as_html(message)


def test_the_biggest_message_stays_small_enough_for_a_mail() -> None:
    long = {
        "subject": "x" * 500,
        "detail": "line of words " * 500 + "\n" * 500,
        "links": [["w" * 500, "p" * 9000]] * 50,
    }
    news = News(new=[event(number, **long) for number in range(5000)])
    message = composed(news, description="y" * 100_000)
    assert len(message.subject) <= LONGEST_SUBJECT
    assert len(as_text(message)) < 2_000_000
    assert len(as_html(message)) < 3_000_000


def test_a_long_detail_is_cut_and_says_so() -> None:
    text = as_text(composed(News(new=[event(detail="\n".join(f"line {number}" for number in range(100)))])))
    assert "line 14" in text
    assert "line 15" not in text
    assert "… and 85 more lines" in text


def hostile_event() -> Event:
    return event(1, subject=HOSTILE, detail=HOSTILE, links=[[HOSTILE, HOSTILE]], labels={"site": HOSTILE})


def test_a_hostile_name_makes_no_line_of_its_own_in_a_subject() -> None:
    subject = composed(News(new=[hostile_event()])).subject
    assert subject.isprintable()
    assert "Bcc: eve@evil.example" in subject  # as words, in the middle of the line


def test_a_hostile_name_makes_no_tag_and_no_request_in_html() -> None:
    reader = seen(News(new=[hostile_event()]), title=HOSTILE, description=HOSTILE, group_by="site")
    ours = {"html", "head", "meta", "title", "body", "h1", "h2", "h3", "p", "span", "div", "pre", "a", "strong"}
    assert set(reader.tags) <= ours
    assert {name for name, _ in reader.attributes}.isdisjoint({"src", "srcset", "background", "onerror"})
    assert all(value.startswith(f"{URL}/") for name, value in reader.attributes if name == "href")
    assert "<img src=https://evil.example/x onerror=alert(1)>" in reader.text


def test_hostile_names_leave_nothing_unseen_in_text_or_html() -> None:
    message = composed(News(new=[hostile_event()]), title=HOSTILE, description=HOSTILE, group_by="site")
    for written in (as_text(message), as_html(message)):
        assert all(line.isprintable() for line in written.split("\n"))
        assert written.encode()  # no halves of characters


def test_a_hostile_path_stays_below_the_mount() -> None:
    one = event(links=[["x", "javascript:alert(1)"], ["y", "//evil.example/"], ["z", 'a"><script>']])
    urls = [link.url for link in composed(News(new=[one])).sections[0].items[0].links]
    assert urls == [
        f"{URL}/javascript:alert%281%29",
        f"{URL}/evil.example/",
        f"{URL}/a%22%3E%3Cscript%3E",
    ]


def test_html_asks_no_other_host_for_anything() -> None:
    reader = seen(News(new=[event()], continuing=[event(2)], cleared=[over(3)]))
    assert set(reader.tags).isdisjoint({"img", "link", "script", "iframe", "style", "object"})
    assert not any("url(" in value for name, value in reader.attributes if name == "style")


def test_html_reads_well_on_light_and_dark_grounds() -> None:
    reader = seen(News(new=[event(detail="x")], cleared=[over(3)]), description="y")
    assert ("content", "light dark") in reader.attributes
    for style in (value for name, value in reader.attributes if name == "style"):
        # A colour of the text without one of the ground, or the other way round, is unreadable in one of the modes.
        assert ("background-color:" in style) == (style.startswith("color:") or ";color:" in style)


def test_an_event_that_flaps_says_so() -> None:
    assert "(1 h), flapping" in as_text(composed(News(new=[event(flapping=True)])))


def test_an_event_of_this_moment_has_no_duration_yet() -> None:
    one = event(fired_at=NOW - timedelta(seconds=5))
    assert "since 2026-11-29 03:13 UTC\n" in as_text(composed(News(new=[one])))


@pytest.mark.django_db
def test_a_firing_event_can_be_acknowledged_from_the_mail_by_a_link_that_holds() -> None:
    fires, ended = event(1), over(2)
    fires.alarm = ended.alarm = saved_alarm()
    fires.save()
    ended.save()
    message = composed(News(new=[fires], cleared=[ended]))
    for written in (as_text(message), as_html(message)):
        (token,) = re.findall(f"{URL}/alarms/acknowledge/([^/]+)/", written)
        assert read_token(token) == Permit(fires.pk, ANYBODY)


def test_what_is_only_tried_cannot_be_acknowledged() -> None:
    assert "acknowledge" not in as_text(composed(News(new=[event(1)]))).lower()
