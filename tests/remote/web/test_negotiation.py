"""Pages for people, JSON for programs, by the Accept header."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.web.negotiation import HTML, JSON, preferred

CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    "accept", [CHROME, FIREFOX, "text/html", "TEXT/HTML", "text/*", "application/json;q=0.5,text/html"]
)
def test_browsers_get_pages(accept: str) -> None:
    assert preferred(accept, default=JSON) == HTML


@pytest.mark.parametrize(
    "accept",
    [
        "application/json",
        "application/problem+json",
        "application/json, text/plain, */*",
        "application/*",
        "text/html;q=0.2, application/json;q=0.9",
        "text/html;q=0, */*",
    ],
)
def test_programs_get_json(accept: str) -> None:
    assert preferred(accept, default=HTML) == JSON


@pytest.mark.parametrize(
    "accept", ["", "*/*", "image/png", "text/event-stream", "nonsense", ";;,,", "*/*;q=x", "*/*;q=nan"]
)
@pytest.mark.parametrize("default", [HTML, JSON])
def test_without_a_preference_the_page_decides(accept: str, default: str) -> None:
    assert preferred(accept, default=default) == default


@given(st.text(alphabet=st.sampled_from("text/hmljsonapcio*;q=0.159, "), max_size=60))
def test_any_header_has_an_answer(accept: str) -> None:
    assert preferred(accept, default=HTML) in {HTML, JSON}
