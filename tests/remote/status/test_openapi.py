"""The description of the gateway's own JSON endpoints says what they answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from jsonschema_rs import validator_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def description() -> dict[str, object]:
    found: dict[str, object] = Client().get("/prod/status/openapi.json").json()
    return found


def _answers(description: dict) -> Iterator[tuple[str, dict]]:
    for path, methods in description["paths"].items():
        yield path, methods["get"]["responses"]


def test_every_described_address_answers_with_a_described_status(description: dict) -> None:
    for path, answers in _answers(description):
        reply = Client().get(f"/prod{path}", headers={"accept": "application/json"})
        assert str(reply.status_code) in answers, path


def test_every_answer_has_the_described_shape(description: dict) -> None:
    for path, answers in _answers(description):
        reply = Client().get(f"/prod{path}", headers={"accept": "application/json"})
        schema = answers[str(reply.status_code)]["content"]["application/json"]["schema"]
        whole = {**schema, "components": description["components"]}
        validator_for(whole).validate(reply.json())
