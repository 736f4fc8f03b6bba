"""What is posted: our own format that programs read, and those of chats, in which names do nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from swf_remote.alarms.delivery.payloads import MOST_BYTES, payload
from swf_remote.alarms.routing.news import News
from tests.remote.alarms.delivery.news import URL, composed, event, over

HOSTILE = "@all <!channel> <https://evil.example|click> [a](https://evil.example) **b** `c` &amp; x|y"


def posted(form: str, news: News, **fields: Any) -> Any:
    return json.loads(payload(form, "d1", composed(news, **fields), news))


def test_our_own_format_says_what_is_told_and_of_which_alarm() -> None:
    one, two = event(1, severity="critical"), over(2)
    body = posted("json", News(new=[one], cleared=[two], acknowledged=3, silenced=4))
    events = body.pop("events")
    assert body == {
        "version": 1,
        "id": "d1",
        "test": False,
        "at": "2026-11-29T03:14:00Z",
        "subject": "[critical] failures: 1 detection, 1 new, 1 cleared",
        "severity": "critical",
        "alarm": {"name": "failures", "title": "Tasks that fail", "url": f"{URL}/alarms/"},
        "counts": {"new": 1, "continuing": 0, "cleared": 1, "acknowledged": 3, "silenced": 4},
        "left_out": 0,
    }
    assert [(found["id"], found["news"]) for found in events] == [(one.pk, "new"), (two.pk, "cleared")]


def test_our_own_format_says_all_of_an_event() -> None:
    one = event(1, detail="More.")
    assert posted("json", News(new=[one]))["events"] == [
        {
            "id": one.pk,
            "news": "new",
            "state": "firing",
            "severity": "warning",
            "fingerprint": "task:1",
            "subject": "task 1 (running) final-failure rate 12.4 %",
            "detail": "More.",
            "labels": {"task": "1", "site": "BNL"},
            "values": {"metric": "12.4 % > 5 %"},
            "first_seen": "2026-11-29T02:14:00Z",
            "fired_at": "2026-11-29T02:14:00Z",
            "last_seen": "2026-11-29T03:14:00Z",
            "resolved_at": None,
            "resolution": "",
            "url": f"{URL}/alarms/events/{one.pk}/",
            "links": [{"words": "Task 1", "url": f"{URL}/panda/tasks/1/"}],
        }
    ]


def test_our_own_format_stays_in_bounds_and_counts_what_it_leaves_out() -> None:
    news = News(new=[event(number, values={"x": "y" * 10_000}) for number in range(45)])
    body = payload("json", "d1", composed(news), news)
    assert len(body) < MOST_BYTES + 1000
    read = json.loads(body)
    assert 0 < len(read["events"]) < 45
    assert len(read["events"]) + read["left_out"] == 45


@pytest.mark.parametrize("form", ["slack", "mattermost"])
def test_chats_get_the_subject_and_each_event_with_its_page(form: str) -> None:
    one, two = event(1), over(2)
    text = posted(form, News(new=[one], cleared=[two]))["text"]
    assert "1 detection, 1 new, 1 cleared" in text
    for found in (one, two):
        assert f"{URL}/alarms/events/{found.pk}/" in text
    assert "Cleared (1)" in text


@pytest.mark.parametrize("form", ["slack", "mattermost"])
def test_a_chat_gets_no_more_than_it_shows_and_a_link_to_the_rest(form: str) -> None:
    text = posted(form, News(new=[event(number) for number in range(300)]))["text"]
    assert len(text) < 4000
    assert "300 new" in text
    assert text.count("/alarms/events/") == 10
    assert "all events" in text


@pytest.mark.parametrize("form", ["slack", "mattermost"])
def test_the_longest_names_do_not_make_a_chat_message_too_long(form: str) -> None:
    text = posted(form, News(new=[event(number, subject="*" * 500) for number in range(30)]))["text"]
    assert len(text) < 4000
    assert f"{URL}/alarms/" in text.splitlines()[-1]


def test_a_name_calls_nobody_and_links_nowhere_in_slack() -> None:
    text = posted("slack", News(new=[event(subject=HOSTILE)]))["text"]
    assert "<!channel>" not in text
    assert "<https://evil.example" not in text
    assert "&lt;!channel&gt;" in text


def test_a_name_calls_nobody_and_links_nowhere_in_mattermost() -> None:
    text = posted("mattermost", News(new=[event(subject=HOSTILE)]))["text"]
    assert "@all" not in text
    assert "<" not in text  # Mattermost knows Slack's marks, too
    assert "](https://evil.example)" not in text.replace("\\]\\(https://evil.example\\)", "")
    assert "\\*\\*b\\*\\*" in text
    assert "\\`c\\`" in text


def test_matrix_gets_text_and_html() -> None:
    body = posted("matrix", News(new=[event(1)]))
    assert "NEW (1)" in body["text"]
    assert body["html"].strip().startswith("<h1")
    assert "</html>" not in body["html"]


def test_matrix_gets_text_alone_where_html_is_too_long() -> None:
    body = posted("matrix", News(new=[event(number) for number in range(50)]))
    assert set(body) == {"text"}
    assert len(body["text"]) <= 16_000
