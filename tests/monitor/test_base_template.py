"""Every page carries the structure that the gateway works on (contract 3.1, 3.2) and stays within its own host."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from pathlib import Path

import pytest
from django.contrib.auth.models import User

import swf_monitor
from tests.monitor.conftest import Site

PAGES = {
    "/prod/": "epicprod - ePIC Production System - SWF Monitor",
    "/panda/": "PanDA &amp; Rucio Hub - SWF Monitor",
    "/panda/activity/": "PanDA Activity - SWF Monitor",
    "/panda/tasks/": "PanDA Tasks - SWF Monitor",
    "/panda/tasks/30003/": "PanDA Task 30003 - SWF Monitor",
    "/panda/epic-queues/": "ePIC Compute Queues",
    "/panda/epic-queues/JLAB_OSG_epic/": "ePIC Queue: JLAB_OSG_epic",
    "/panda/system/": "System Status - SWF Monitor",
    "/about/": "About - ePIC SWF Monitor",
    "/alarms/": "Alarms — ePIC Production Monitor",
    "/accounts/login/": "Login",
}
STATIC = Path(swf_monitor.__file__).parent / "static"


@pytest.mark.parametrize(("url", "title"), PAGES.items())
def test_titles_are_the_contracts(site: Site, panda: datetime, url: str, title: str) -> None:
    assert f"<title>{title}</title>" in site.html(url)


@pytest.mark.parametrize("url", PAGES)
def test_the_account_block_is_one_flat_div(site: Site, panda: datetime, url: str) -> None:
    page = site.html(url)
    assert page.count('<div class="nav-auth">') == 1
    block = page.split('<div class="nav-auth">')[1].split("</div>")[0]
    assert "<div" not in block
    assert "/swf-monitor/accounts/login/?next=/swf-monitor" in block


@pytest.mark.django_db
def test_a_signed_in_reader_gets_name_and_logout_form(site: Site, panda: datetime) -> None:
    site.client.force_login(User.objects.create_user("frank"))
    block = site.html("/panda/").split('<div class="nav-auth">')[1].split("</div>")[0]
    assert 'href="/swf-monitor/account/"' in block
    assert ">frank<" in block
    assert '<form method="post" action="/swf-monitor/accounts/logout/">' in block
    assert "csrfmiddlewaretoken" in block


def test_the_login_link_keeps_the_page_with_its_query(site: Site, panda: datetime) -> None:
    block = site.html("/panda/tasks/?days=3&status=done").split('<div class="nav-auth">')[1]
    assert "?next=/swf-monitor/panda/tasks/%3Fdays%3D3%26status%3Ddone" in block


def test_inline_scripts_hold_addresses_as_constants_and_template_literals(site: Site, panda: datetime) -> None:
    page = site.html("/panda/tasks/?days=3&username=O'Dair")
    assert "localStorage.getItem('navMode')" in page
    assert "const swfStatusUrl = '/swf-monitor/panda/system/status.json';" in page
    assert "`/swf-monitor/${" in page
    assert "url: '/swf-monitor/panda/tasks/datatable/'" in page
    assert r"\u0027Dair" in page, "the echoed filter is escaped for a script"


def test_the_status_address_is_a_data_attribute(site: Site, panda: datetime) -> None:
    assert 'data-system-status-url="/swf-monitor/panda/system/status.json"' in site.html("/panda/")


def test_tunnel_readers_are_pointed_inside_and_direct_ones_outside(site: Site, panda: datetime) -> None:
    inside = site.html("/panda/tasks/?days=3")
    outside = site.get("/panda/tasks/?days=3", REMOTE_ADDR="192.0.2.7").content.decode()
    assert 'href="https://pandaserver02.sdcc.bnl.gov/swf-monitor/panda/tasks/?days=3"' in inside
    assert 'href="https://epic-devcloud.org/prod/panda/tasks/?days=3"' in outside


def test_the_current_entry_is_marked(site: Site, panda: datetime) -> None:
    marked = re.findall(r'<a href="([^"]+)" class="nav-active" aria-current="page">', site.html("/panda/tasks/"))
    assert marked == ["/swf-monitor/panda/tasks/"]


@pytest.mark.parametrize("url", PAGES)
def test_everything_that_is_loaded_is_ours_and_exists(site: Site, panda: datetime, url: str) -> None:
    loaded = re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="([^"]+)"', site.html(url))
    assert len(loaded) >= 6
    for address in loaded:
        assert address.startswith("/swf-monitor/static/"), address
        assert (STATIC / address.removeprefix("/swf-monitor/static/")).is_file(), address


@pytest.mark.parametrize("url", PAGES)
def test_no_style_attribute_and_no_event_handler(site: Site, panda: datetime, url: str) -> None:
    assert not re.findall(r'<[a-z][^>]*\s(?:style|on[a-z]+)="', site.html(url))


def test_links_of_the_pages_lead_to_pages_that_exist(site: Site, panda: datetime) -> None:
    by_shape: dict[str, str] = {}
    for url in PAGES:
        for link in re.findall(r'<a[^>]*href="(/swf-monitor/[^"#]*)"', site.html(url)):
            # One link of each shape: which path, ids aside, with which parameters.
            by_shape.setdefault(re.sub(r"\d+|=[^&]*", "", link), unescape(link))
    assert len(by_shape) > 25
    for link in by_shape.values():
        if "/api/" not in link:
            assert site.get(link).status_code == 200, link


def test_the_mount_itself_sends_the_reader_to_the_hub_by_script(site: Site) -> None:
    page = site.html("/")
    assert "location.replace('/swf-monitor/prod/')" in page
    assert len(page) < 600


def test_a_missing_slash_is_a_root_relative_redirect(site: Site) -> None:
    answer = site.get("/panda/tasks?days=3")
    assert (answer.status_code, answer["Location"]) == (301, "/swf-monitor/panda/tasks/?days=3")
