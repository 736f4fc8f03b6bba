"""Pages for people, JSON for programs, by the Accept header."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.web.negotiation import HTML, JSON, ErrorForm, error_form, preferred

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


@pytest.mark.parametrize(
    ("headers", "form"),
    [
        ({"accept": CHROME}, ErrorForm.PAGE),
        ({"accept": CHROME, "sec-fetch-dest": "document"}, ErrorForm.PAGE),
        ({"accept": "*/*"}, ErrorForm.DOCUMENT),
        ({}, ErrorForm.DOCUMENT),
        ({"accept": "application/json"}, ErrorForm.DOCUMENT),
        ({"accept": "text/html", "x-requested-with": "XMLHttpRequest"}, ErrorForm.DOCUMENT),
        ({"accept": "text/html", "sec-fetch-dest": "empty"}, ErrorForm.DOCUMENT),
        ({"accept": "text/event-stream"}, ErrorForm.EVENT),
        ({"accept": "text/event-stream", "sec-fetch-dest": "empty"}, ErrorForm.EVENT),
        ({"accept": "text/event-stream, */*;q=0.1"}, ErrorForm.EVENT),
        ({"accept": "application/json, text/event-stream"}, ErrorForm.DOCUMENT),
        ({"accept": "text/html, text/event-stream;q=0.5"}, ErrorForm.PAGE),
        ({"accept": "text/event-stream;q=0, */*"}, ErrorForm.DOCUMENT),
    ],
)
def test_a_problem_is_told_in_the_form_that_its_reader_can_read(headers: dict[str, str], form: ErrorForm) -> None:
    assert error_form(headers) is form


def test_a_json_rpc_message_is_answered_by_one_whatever_is_accepted() -> None:
    assert error_form({"accept": "text/html"}, rpc=True) is ErrorForm.RPC


@given(st.text(alphabet=st.sampled_from("text/hmljsonapcio*;q=0.159, "), max_size=60))
def test_any_header_has_an_answer(accept: str) -> None:
    assert preferred(accept, default=HTML) in {HTML, JSON}
