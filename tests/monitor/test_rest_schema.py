"""``api/panda/schema/`` describes what there is: every address, every parameter, every field, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import jsonschema_rs
import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.monitor.conftest import Site

pytestmark = pytest.mark.django_db

SCHEMA = "/api/panda/schema/"
PLACES = {"task_id": "30003", "name": "JLAB_OSG_epic", "pandaid": "160000"}
ANSWERS = [
    *("/api/panda/tasks/?days=60", "/api/panda/tasks/30003/", "/api/panda/jobs/?days=30"),
    *("/api/panda/activity/?days=30", "/api/panda/errors/?days=30&limit=200", "/api/panda/errors/?username=nobody"),
    *("/api/panda/queues/", "/api/panda/queues/JLAB_OSG_epic/", "/api/panda/queues/EMPTY_queue/", SCHEMA),
    *("/api/panda/jobs/diagnose/?days=30", "/api/panda/jobs/160000/"),
]


@pytest.fixture
def schema(site: Site, panda: datetime) -> dict[str, Any]:
    answer: dict[str, Any] = site.json(SCHEMA)
    return answer


def offered(patterns: list[Any], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        path = before + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from offered(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and path.startswith("api/panda/"):
            yield f"/{path}"


def parameters(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(path, one) for path, at in schema["paths"].items() for one in at["get"]["parameters"]]


def test_it_lists_what_is_offered_and_nothing_else(schema: dict[str, Any]) -> None:
    assert sorted(schema["paths"]) == sorted(offered(get_resolver().url_patterns))


def test_it_says_where_the_addresses_begin(schema: dict[str, Any]) -> None:
    assert schema["openapi"] == "3.1.0"
    assert schema["servers"] == [{"url": "/swf-monitor"}]


@pytest.mark.parametrize("url", ANSWERS)
def test_answers_are_as_described(site: Site, schema: dict[str, Any], url: str) -> None:
    address = url.partition("?")[0]
    fitting = [path for path in schema["paths"] if re.fullmatch(re.sub(r"{\w+}", "[^/]+", path), address)]
    at = schema["paths"][min(fitting, key=lambda path: path != address)]
    described = at["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema_rs.Draft202012Validator({**described, "components": schema["components"]}).validate(site.json(url))


def test_every_parameter_is_read(site: Site, schema: dict[str, Any]) -> None:
    """A number out of its limits is refused; a text or number within them comes back among the filters."""
    checked = 0
    for path, one in parameters(schema):
        if one["in"] == "path" or one["name"] in ("limit", "before_id", "processingtype"):
            continue
        if "{" in path:
            continue
        value = one["schema"].get("enum", ["7"])[0]
        filters = site.json(f"{path}?{one['name']}={value}")["filters"]
        assert str(filters[one["name"]]) == value, (path, one["name"])
        checked += 1
    assert checked > 20


def test_limits_are_kept(site: Site, schema: dict[str, Any]) -> None:
    checked = 0
    for path, one in parameters(schema):
        address = re.sub(r"{(\w+)}", lambda place: PLACES[place[1]], path)
        for limit, beyond in (("minimum", -1), ("maximum", 1)):
            if limit in one["schema"]:
                value = one["schema"][limit]
                assert site.get(f"{address}?{one['name']}={value}").status_code == 200, (path, one["name"])
                assert site.get(f"{address}?{one['name']}={value + beyond}").status_code == 400, (path, one["name"])
                checked += 1
    assert checked > 10


def test_defaults_are_those_that_are_used(site: Site, schema: dict[str, Any]) -> None:
    checked = 0
    for path, one in parameters(schema):
        if "default" not in one["schema"] or "{" in path:
            continue
        told = f"{path}?{one['name']}={one['schema']['default']}"
        assert site.json(told) == site.json(path), told
        checked += 1
    assert checked > 5
