"""The OpenAPI document says which addresses there are, and what they answer."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jsonschema_rs import meta, validator_for

from swf_remote.alarms.rest.urls import urlpatterns
from tests.remote.alarms.rest.asking import Person
from tests.remote.alarms.rest.test_access import READ, RULES, rows  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


@pytest.fixture
def described(nobody: Person) -> dict[str, Any]:
    found: dict[str, Any] = nobody.get("schema/").json
    return found


def test_it_names_every_address_and_method_and_no_other(described: dict[str, Any]) -> None:
    told = {(path, method) for path, methods in described["paths"].items() for method in methods}
    offered = {
        ("/" + re.sub(r"<\w+:(\w+)>", r"{\1}", str(one.pattern)), method.lower())
        for one in urlpatterns
        for method in one.callback.methods  # type: ignore[attr-defined]
    }
    assert told == offered


def test_every_place_of_an_address_is_a_parameter(described: dict[str, Any]) -> None:
    for path, methods in described["paths"].items():
        for method in methods.values():
            named = {one["name"] for one in method["parameters"] if one["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path)), path


def test_its_schemas_are_schemas(described: dict[str, Any]) -> None:
    for schema in described["components"]["schemas"].values():
        meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


@pytest.mark.parametrize("role", ["nobody", "staff"])
@pytest.mark.parametrize(
    ("method", "path", "body"), [one[:3] for one in RULES], ids=[f"{one[0]} {one[1]}" for one in RULES]
)
def test_every_answer_has_the_described_shape(
    request: pytest.FixtureRequest, described: dict[str, Any], role: str, method: str, path: str, body: object
) -> None:
    who: Person = request.getfixturevalue(role)
    needs_version = method in ("PUT", "PATCH", "DELETE") or "restore" in path
    reply = who.ask(method, path, body, **({"If_Match": "*"} if needs_version else {}))
    pattern = next(str(one.pattern) for one in urlpatterns if one.resolve(path) is not None)
    answers = described["paths"]["/" + re.sub(r"<\w+:(\w+)>", r"{\1}", pattern)][method.lower()]["responses"]
    answer = answers.get(str(reply.status), answers["default"])
    assert reply.status < 400 or role == "nobody"
    kind = reply.headers["Content-Type"].partition(";")[0]
    whole = {**answer["content"][kind]["schema"], "components": described["components"]}
    validator_for(whole).validate(reply.json if kind.endswith("json") else reply.content.decode())


def test_the_words_of_lists_are_those_that_are_read(nobody: Person, staff: Person, described: dict[str, Any]) -> None:
    """Each described word is known, and one that is not described is told."""
    for method, path, _body, expected in RULES:
        if method != "GET" or "/" in path.strip("/") or path == "failing/":
            continue
        who = nobody if expected == READ else staff
        words = [one for one in described["paths"][f"/{path}"]["get"]["parameters"] if one["in"] == "query"]
        for word in words:
            assert "There is no parameter" not in who.get(f"{path}?{word['name']}=").content.decode(), word
        assert who.get(f"{path}?nonsense=1").status == 400, path
