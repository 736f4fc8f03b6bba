"""Silences on their page: made with a reason and an end, told to everybody, ended by signed-in users."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from swf_remote.alarms.models import Silence
from tests.remote.alarms.pages.scenes import PAGE, minutes, reader, url
from tests.remote.web.pages import assert_well_made

pytestmark = pytest.mark.django_db
WANTED = {"matchers": 'site="BNL_*"', "reason": "maintenance", "hours": "12", "until": ""}


def silence(begin: float, end: float, reason: str = "x") -> Silence:
    now = timezone.now()
    return Silence.objects.create(
        matchers="task=1", reason=reason, created_by="k.l", starts_at=now + minutes(begin), ends_at=now + minutes(end)
    )


def test_a_silence_holds_as_long_as_chosen_and_names_who_made_it(client: Client) -> None:
    response = reader("alice").post(url("silences/"), WANTED, **PAGE)
    made = Silence.objects.get()
    assert (response.status_code, response["Location"]) == (303, url(f"silences/#silence-{made.pk}"))
    assert (made.created_by, made.reason, made.ends_at - made.starts_at) == ("alice", "maintenance", minutes(720))
    assert "maintenance" in client.get(url("silences/"), **PAGE).content.decode()


def test_a_time_that_was_typed_goes_before_the_choice() -> None:
    end = (timezone.now() + minutes(60 * 24 * 5)).replace(second=0, microsecond=0)
    reader().post(url("silences/"), WANTED | {"until": f"{end:%Y-%m-%d %H:%M}"}, **PAGE)
    assert Silence.objects.get().ends_at == end


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"matchers": ""}, "Without a matcher"),
        ({"matchers": "site"}, "These are no matchers"),
        ({"reason": " "}, "needs a reason"),
        ({"hours": "5"}, "Choose how long"),
        ({"hours": "5000000000000"}, "Choose how long"),
        ({"until": "tomorrow"}, "The end is no time"),
        ({"until": "2026-02-30 10:00"}, "There is no such time"),
        ({"until": "2020-01-01 10:00"}, "ends in the future"),
        ({"until": "2090-01-01 10:00"}, "at most 90 days"),
    ],
)
def test_what_is_wrong_is_told_and_what_was_typed_stays(change: dict[str, str], words: str) -> None:
    response = reader().post(url("silences/"), WANTED | change, **PAGE)
    html = response.content.decode()
    assert response.status_code == 409
    page = assert_well_made(html)
    assert page.title.startswith("Error: ") and words in html
    values = {attrs.get("name"): attrs.get("value") for attrs in page.all("input")}
    assert values["matchers"] == (WANTED | change)["matchers"]
    assert not Silence.objects.exists()


def test_one_that_holds_can_be_ended() -> None:
    made = silence(-10, 100)
    client = reader()
    assert "End it now" in client.get(url("silences/"), **PAGE).content.decode()
    assert client.post(url(f"silences/{made.pk}/end/"), **PAGE).status_code == 303
    made.refresh_from_db()
    assert made.ends_at <= timezone.now()
    assert "End it now" not in client.get(url("silences/"), **PAGE).content.decode()


def test_one_that_is_over_stays_as_it_is() -> None:
    made = silence(-100, -10)
    reader().post(url(f"silences/{made.pk}/end/"), **PAGE)
    assert Silence.objects.get().ends_at == made.ends_at


def test_an_unknown_one_is_a_404_page() -> None:
    assert reader().post(url("silences/nothing/end/"), **PAGE).status_code == 404


def test_those_that_are_over_come_in_pages(client: Client) -> None:
    for number in range(60):
        silence(-500, -number - 1, f"reason {number:03}")
    first = client.get(url("silences/"), **PAGE).content.decode()
    assert "reason 000" in first and "reason 055" not in first
    older = next(link for link in assert_well_made(first).links if "after=" in link)
    assert "reason 055" in client.get(url(f"silences/{older}"), **PAGE).content.decode()


def test_a_link_can_fill_the_form() -> None:
    html = reader().get(url("silences/?matchers=task%3D4711"), **PAGE).content.decode()
    assert 'value="task=4711"' in html
