"""A problem becomes a page for people and a JSON document for programs, without a request or a database."""

import json
from contextvars import copy_context
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from django.db import connection

from swf_remote.edge.exchange import Exchange, enter
from swf_remote.edge.problem import Problem
from swf_remote.web.error_pages import error_response
from swf_remote.web.negotiation import ErrorForm, error_form

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
SINCE = datetime(2026, 11, 23, 13, 41, 5, tzinfo=UTC)
STATUSES = [400, 401, 403, 404, 405, 413, 429, 500, 502, 503, 504]


def problem(status: int = 502, **more: object) -> Problem:
    return Problem(status, "link-down", "The tunnel is down", "Try again <later>", **more)  # type: ignore[arg-type]


def page(told: Problem, request_id: str = "9f3a") -> tuple[dict[str, str], str]:
    headers, body = error_response(told, form=error_form({"accept": BROWSER}), request_id=request_id)
    return {name.decode(): value.decode() for name, value in headers}, body.decode()


def document(told: Problem, accept: str = "application/json") -> tuple[dict[str, str], dict[str, object]]:
    headers, body = error_response(told, form=error_form({"accept": accept}), request_id="9f3a")
    return {name.decode(): value.decode() for name, value in headers}, json.loads(body)


class Elements(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def links(self) -> list[str | None]:
        return [attrs.get("href") for tag, attrs in self.seen if tag == "a"]


@pytest.mark.parametrize("status", STATUSES)
def test_the_page_says_what_happened_since_when_and_what_to_do(status: int) -> None:
    headers, html = page(problem(status, since=SINCE))
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1" in html and "The tunnel is down</h1>" in html
    assert "<title>The tunnel is down \N{EN DASH} ePIC monitor</title>" in html
    assert f" {status} " in html
    assert "2026-11-23 13:41 UTC" in html
    assert "Try again &lt;later&gt;" in html
    assert "9f3a" in html
    assert "/prod/status/" in Elements(html).links()


@pytest.mark.parametrize("status", STATUSES)
def test_the_document_follows_rfc_9457(status: int) -> None:
    headers, members = document(problem(status, since=SINCE, retry_after=10, outcome="Nothing was changed."))
    assert headers["content-type"] == "application/problem+json"
    assert members == {
        "type": "tag:epic-devcloud.org,2026:swf-remote/problem/link-down",
        "title": "The tunnel is down",
        "status": status,
        "detail": "Try again <later>",
        "kind": "link-down",
        "since": "2026-11-23T13:41:05Z",
        "outcome": "Nothing was changed.",
        "retry_after": 10,
        "request_id": "9f3a",
    }


def test_what_is_not_known_is_left_out_of_the_document() -> None:
    _, members = document(problem())
    assert {"since", "outcome", "retry_after", "allow"}.isdisjoint(members)


@pytest.mark.parametrize("accept", [BROWSER, "application/json"])
def test_the_announced_length_is_the_length(accept: str) -> None:
    headers, body = error_response(problem(), form=error_form({"accept": accept}), request_id="é")
    assert dict(headers)[b"content-length"] == str(len(body)).encode()


@pytest.mark.parametrize("accept", [BROWSER, "application/json"])
def test_errors_are_never_stored(accept: str) -> None:
    headers, _ = error_response(problem(), form=error_form({"accept": accept}), request_id="1")
    assert dict(headers)[b"cache-control"] == b"no-store"
    assert dict(headers)[b"vary"] == b"Accept, Sec-Fetch-Dest, X-Requested-With"


def test_on_a_stream_it_is_an_event_with_the_time_to_come_back() -> None:
    headers, body = error_response(problem(503, retry_after=30), form=ErrorForm.EVENT, request_id="9f3a")
    assert dict(headers)[b"content-type"] == b"text/event-stream; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in body.decode().splitlines() if line)
    assert (fields["retry"], fields["event"]) == ("30000", "error")
    told = json.loads(fields["data"])
    assert (told["kind"], told["request_id"], told["retry_after"]) == ("link-down", "9f3a", 30)
    assert body.endswith(b"\n\n") and body.count(b"\n\n") == 1


def test_for_a_json_rpc_client_it_is_an_error_without_an_id() -> None:
    headers, body = error_response(problem(403), form=ErrorForm.RPC, request_id="9f3a")
    told = json.loads(body)
    assert dict(headers)[b"content-type"] == b"application/json"
    assert (told["jsonrpc"], told["id"], told["error"]["message"]) == ("2.0", None, "The tunnel is down")
    assert -32099 <= told["error"]["code"] <= -32000
    assert told["error"]["data"]["request_id"] == "9f3a"


def test_a_retry_worth_making_is_announced() -> None:
    headers, html = page(problem(503, retry_after=30))
    assert headers["retry-after"] == "30"
    assert "in 30 s" in html
    assert "" in Elements(html).links(), "a link to this very address"


def test_a_failure_that_stays_offers_no_retry() -> None:
    _, html = page(problem(502))
    assert "Try again</a>" not in html


def test_no_retry_is_offered_where_it_would_not_help() -> None:
    headers, html = page(problem(404))
    assert "retry-after" not in headers
    assert "Try again</a>" not in html


def test_the_methods_that_work_are_named() -> None:
    headers, html = page(problem(405, allow=("GET", "HEAD")))
    assert headers["allow"] == "GET, HEAD"
    assert "GET, HEAD" in html


def test_a_refused_method_without_alternative_has_an_empty_allow_header() -> None:
    headers, _ = page(problem(405))
    assert headers["allow"] == ""


def test_who_must_sign_in_first_is_led_to_the_log_in_page() -> None:
    headers, html = page(problem(401))
    assert headers["www-authenticate"].startswith("Cookie ")
    assert "/prod/accounts/login/" in Elements(html).links()


def test_the_outcome_of_a_write_is_told() -> None:
    _, html = page(problem(504, outcome="It is not known whether your change was made."))
    assert "It is not known whether your change was made." in html


@pytest.mark.parametrize("during_a_request", [False, True])
def test_a_request_id_cannot_bring_markup(during_a_request: bool) -> None:
    def told() -> str:
        if during_a_request:
            enter(Exchange("of-the-request"))
        return page(problem(), request_id="<script>alert(1)</script>")[1]

    assert "<script>alert" not in copy_context().run(told)


def test_an_unusual_status_still_has_a_page() -> None:
    _, html = page(problem(599))
    assert "599 Error" in html


def test_no_database_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise AssertionError("an error page touched the database")

    monkeypatch.setattr(connection, "ensure_connection", refuse)
    _, html = page(problem(500))
    assert "/prod/account/" in Elements(html).links(), "who is signed in is not known here"


def test_pages_for_many_readers_differ_in_request_id_and_nonce_alone() -> None:
    def told(request_id: str) -> tuple[str, str]:
        exchange = Exchange(request_id)

        def tell() -> str:
            enter(exchange)
            return page(problem(429, retry_after=7), request_id)[1]

        return copy_context().run(tell), exchange.nonce

    (first, nonce), (second, other) = told("0123456789abcdef"), told("fedcba9876543210")
    assert first.count(f'nonce="{nonce}"') == second.count(f'nonce="{other}"') == first.count("nonce=") > 0
    assert '<code id="request-id">0123456789abcdef</code>' in first
    assert second == first.replace(nonce, other).replace("0123456789abcdef", "fedcba9876543210")
