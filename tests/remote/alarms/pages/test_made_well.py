"""Every page, for everybody, in every state of the world: well made, and without what is not for open readers."""

from __future__ import annotations

import gzip
import re

import pytest
from django.test import Client

from swf_remote.web.addresses import STATIC_FOLDER
from tests.remote.alarms.pages.scenes import PAGE, addresses, alarm, event, reader, url, world
from tests.remote.web.pages import assert_well_made

pytestmark = pytest.mark.django_db


def test_every_page_is_well_made_for_open_and_for_signed_in_readers(client: Client) -> None:
    found = world()
    signed_in = [
        *addresses(found),
        "deliveries/",
        "deliveries/?outcome=dead",
        "subscriptions/",
        f"deliveries/{found['message'].pk}/",
    ]
    for browser, paths in ((client, addresses(found)), (reader(staff=True), signed_in)):
        for path in paths:
            response = browser.get(url(path), **PAGE)
            assert response.status_code == 200, path
            if "part=" not in path and "csv" not in path:
                assert_well_made(response.content.decode())


def test_the_style_sheet_names_roles_and_never_a_colour() -> None:
    sheet, site = (STATIC_FOLDER / "web/alarms.css").read_text(), (STATIC_FOLDER / "web/site.css").read_text()
    assert not re.search(r"#[0-9A-Fa-f]{3,8}\b(?=[^{]*;)|rgb|hsl", sheet)
    roles = set(re.findall(r"--([a-z-]+):\s*#", site))
    assert set(re.findall(r"var\(--([a-z-]+)\)", sheet)) <= roles
    assert "url(" not in sheet and "@import" not in sheet


def test_scripts_and_styles_keep_their_budgets() -> None:
    def size(*names: str) -> int:
        return sum(len(gzip.compress((STATIC_FOLDER / f"web/{name}").read_bytes())) for name in names)

    assert size("site.css", "alarms.css") <= 12_000
    assert size("theme.js", "site.js", "alarms.js") <= 10_000


def test_a_full_dashboard_keeps_its_budget(client: Client) -> None:
    for number in range(30):
        of = alarm(f"{'n' * 80}{number:03}", title=f"{'Long title ' * 20}{number}")
        event(of, number, subject=f"{'group.EIC.26.07.1.' * 25}{number}")
    assert len(gzip.compress(reader().get(url(""), **PAGE).content)) <= 60_000
