"""Each form of the contract's tables 3.2 and 3.5 occurs in what the stand-in serves, and is right after the gateway."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
import pytest_asyncio
from pytest_django import DjangoDbBlocker

from tests.remote.contract.forms import ABSOLUTE_FORMS, MOUNTLESS, WHERE_URLS_HIDE, Form
from tests.remote.gateways import Gateway, gateway
from tests.remote.laboratory.monitor import NAME, Laboratory, laboratory
from tests.remote.laboratory.readers import BROWSER, as_reader

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
FORMS = WHERE_URLS_HIDE + ABSOLUTE_FORMS


class Pair(NamedTuple):
    """The stand-in, and a gateway before it."""

    monitor: Laboratory
    running: Gateway

    async def direct(self, path: str) -> str:
        """What the monitor itself says."""
        address = f"{self.monitor.url}/{path}"
        async with self.running.session.get(address, headers=BROWSER, allow_redirects=False) as got:
            return (await got.read()).decode("utf-8", "replace")

    async def through(self, path: str, headers: dict[str, str] = BROWSER) -> str:
        """What a reader gets."""
        return (await self.running.ask(f"/prod/{path}", headers=headers)).body.decode("utf-8", "replace")


@pytest_asyncio.fixture
async def pair() -> AsyncIterator[Pair]:
    async with laboratory() as monitor, gateway(monitor.url, monitor_host=NAME) as running:
        yield Pair(monitor, running)


def by_name(form: Form) -> str:
    return form.name


def test_no_form_is_listed_twice() -> None:
    assert len({form.name for form in FORMS}) == len(FORMS)


@pytest.fixture(scope="module")
def pages(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> dict[str, tuple[str, str]]:
    """Each page of a form: as the monitor says it, and as a reader gets it."""

    async def asked() -> dict[str, tuple[str, str]]:
        async with laboratory() as monitor, gateway(monitor.url, monitor_host=NAME) as running:
            both = Pair(monitor, running)
            wanted = sorted({form.page for form in FORMS})
            return {page: (await both.direct(page), await both.through(page)) for page in wanted}

    with django_db_blocker.unblock():
        return asyncio.run(asked())


@pytest.mark.parametrize("form", FORMS, ids=by_name)
def test_the_form_occurs_on_a_live_page(form: Form, pages: dict[str, tuple[str, str]]) -> None:
    said, _ = pages[form.page]
    assert re.search(form.pattern, said)
    assert form.written in said


# The gateway has a page of its own there.
_REPLACED = ("alarms/",)


@pytest.mark.parametrize("form", [form for form in FORMS if form.page not in _REPLACED], ids=by_name)
def test_the_form_is_right_after_the_gateway(form: Form, pages: dict[str, tuple[str, str]]) -> None:
    _, shown = pages[form.page]
    assert form.shown in shown
    if form.shown != form.written:
        assert form.written not in shown


async def test_a_path_without_its_mount_is_given_ours(pair: Pair, alice: str) -> None:
    headers = {**as_reader(alice), "Origin": pair.running.url, "Content-Type": "application/json"}
    reply = await pair.running.ask("/prod/pcs/teams/create/", "POST", headers=headers, data=b'{"name": "night"}')
    assert reply.status == 201
    assert MOUNTLESS.shown in reply.text
    assert pair.monitor.asked_for("pcs/teams/create/")[0].user == "alice"


async def test_a_posted_next_is_the_monitors_path_again_and_leads_back_here(pair: Pair, alice: str) -> None:
    page = await pair.through("ai/assessments/legacy/11/", as_reader(alice))
    (target,) = re.findall(r'name="next" value="([^"]+)"', page)
    assert target == "/prod/ai/assessments/legacy/11/?page=2"
    headers = {**as_reader(alice), "Origin": pair.running.url, "Content-Type": "application/x-www-form-urlencoded"}
    sent = "quality=ok&next=" + target.replace("/", "%2F").replace("?", "%3F").replace("=", "%3D")
    reply = await pair.running.ask("/prod/ai/assessments/11/quality/", "POST", headers=headers, data=sent.encode())
    (asked,) = pair.monitor.asked_for("ai/assessments/11/quality/")
    assert b"swf-monitor" in asked.body
    assert b"prod" not in asked.body
    assert (reply.status, reply.headers["Location"]) == (302, "/prod/ai/assessments/legacy/11/?page=2")
