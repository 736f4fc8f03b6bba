"""The frame of every own page, the words on parts that stay inside, and Django's failures in our words."""

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from swf_remote.proxy import link
from swf_remote.proxy.link import LinkRecord, Observation, Place, utc_now
from swf_remote.proxy.policy.routes import Part, exposure, is_exposed
from swf_remote.web import handlers, not_exposed
from swf_remote.web.addresses import STATIC_FOLDER, asset_url
from tests.remote.web.pages import assert_well_made

PAGE = {"HTTP_ACCEPT": "text/html"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def record(monkeypatch: pytest.MonkeyPatch) -> LinkRecord:
    found = LinkRecord(clock=utc_now)
    monkeypatch.setattr(link._Installed, "record", found)
    return found


@pytest.mark.parametrize(
    "path",
    ["/prod/accounts/login/", "/prod/status/", "/prod/alarms/", "/prod/alarms/events/1/", "/prod/status/no/page/"],
)
def test_every_public_page_is_well_made(client: Client, path: str) -> None:
    assert_well_made(client.get(path, **PAGE).content.decode())


@pytest.mark.parametrize(
    "path", ["/prod/account/", "/prod/accounts/password_change/", "/prod/accounts/password_change/done/"]
)
def test_every_page_of_the_account_is_well_made(client: Client, path: str) -> None:
    client.force_login(User.objects.create_user("alice"), backend="django.contrib.auth.backends.ModelBackend")
    assert_well_made(client.get(path, **PAGE).content.decode())


def test_the_navigation_leads_to_the_monitors_pages_and_marks_where_the_reader_is(client: Client) -> None:
    page = assert_well_made(client.get("/prod/status/").content.decode())
    current = {attrs["href"] for attrs in page.all("a") if attrs.get("aria-current") == "page"}
    assert current == {"/prod/status/"}
    assert {"/prod/", "/prod/panda/jobs/", "/prod/panda/epic-queues/", "/prod/alarms/"} <= set(page.links)
    assert page.links[0] == "#content", "the first thing a keyboard meets is the skip link"


def test_the_name_of_a_signed_in_reader_is_shown_escaped(client: Client) -> None:
    client.force_login(User.objects.create_user("<i>x"), backend="django.contrib.auth.backends.ModelBackend")
    html = client.get("/prod/alarms/").content.decode()
    assert "&lt;i&gt;x" in html and "<i>x" not in html


def test_a_broken_link_is_named_beside_the_navigation_of_every_page(client: Client, record: LinkRecord) -> None:
    assert "Link down" not in client.get("/prod/alarms/").content.decode()
    record.note(Observation(Place.TUNNEL, "refused"))
    assert "Link down" in client.get("/prod/alarms/").content.decode()
    record.note(Observation(Place.DATA, "feed silent", 10.0))
    assert "Data at fault" in client.get("/prod/alarms/").content.decode()


def test_assets_carry_the_fingerprint_of_their_content() -> None:
    assert asset_url("web/site.css").startswith("/prod/assets/web/site.css?v=")
    assert asset_url("web/site.css") != asset_url("web/site.js").replace("site.js", "site.css")


def test_an_asset_that_is_not_installed_still_has_an_address() -> None:
    assert asset_url("vendor/absent.css") == "/prod/assets/vendor/absent.css"


def test_every_shape_that_a_page_names_is_in_the_sprite() -> None:
    sprite = (STATIC_FOLDER / "web/shapes.svg").read_text()
    for name in ("ok", "broken", "unknown", "problem", "note", "menu", "firing", "acknowledged", "silenced", "pending"):
        assert f'<symbol id="{name}"' in sprite


# ----- parts of the monitor that stay inside


def test_the_way_inside_is_linked_only_when_the_monitors_name_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    found = not_exposed.configuration()
    assert not_exposed.inside_url("alarms/") is None
    monkeypatch.setattr(found, "monitor_host", "pandaserver02.sdcc.bnl.gov")
    assert not_exposed.inside_url("alarms/") == "https://pandaserver02.sdcc.bnl.gov/swf-monitor/alarms/"


def test_the_refusal_of_such_a_part_uses_the_same_words() -> None:
    problem = not_exposed.problem()
    assert (problem.status, problem.kind) == (403, "not-exposed")
    assert problem.detail == not_exposed.ADVICE


@pytest.mark.parametrize("part", exposure().inside, ids=lambda part: part.path)
def test_what_is_listed_as_inside_is_not_exposed(part: Part) -> None:
    assert not is_exposed(part.path)


# ----- Django's failures


def ask(accept: str = "text/html") -> HttpRequest:
    return RequestFactory().get("/prod/x", headers={"accept": accept, "x-request-id": "4711"})


@pytest.mark.parametrize(
    ("response", "status", "kind"),
    [
        (lambda: handlers.bad_request(ask("application/json"), BadRequest()), 400, "bad-request"),
        (lambda: handlers.forbidden(ask("application/json"), PermissionDenied()), 403, "forbidden"),
        (lambda: handlers.not_found(ask("application/json"), Exception()), 404, "not-found"),
        (lambda: handlers.wrong_method(ask("application/json"), "POST"), 405, "method-not-allowed"),
        (lambda: handlers.server_error(ask("application/json")), 500, "internal-error"),
        (lambda: handlers.csrf_failed(ask("application/json")), 403, "form-expired"),
    ],
)
def test_a_failure_of_django_is_a_problem_like_any_other(response: object, status: int, kind: str) -> None:
    made: HttpResponse = response()  # type: ignore[operator]
    assert made.status_code == status
    assert made["Content-Type"] == "application/problem+json"
    assert f'"kind": "{kind}"' in made.content.decode()
    assert '"request_id": "4711"' in made.content.decode()


def test_an_unknown_address_below_an_own_page_is_a_404_page(client: Client) -> None:
    response = client.get("/prod/status/nothing/", **PAGE)
    assert response.status_code == 404
    assert assert_well_made(response.content.decode()).heading == "There is no page at this address"


def test_a_form_without_its_token_says_what_to_do() -> None:
    response = Client(enforce_csrf_checks=True).post(
        "/prod/accounts/login/", {"username": "a", "password": "b"}, **PAGE
    )
    assert response.status_code == 403
    page = assert_well_made(response.content.decode())
    assert page.heading == "The form is no longer valid"
    assert "Nothing was changed." in response.content.decode()
