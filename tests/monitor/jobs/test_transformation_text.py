"""``panda/view-text/`` fetches nothing but scripts of PanDA's own server (contract 2.2)."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_monitor.panda import scripts
from swf_monitor.panda.scripts import NotAScriptError, ScriptUnavailableError, script_path
from swf_monitor.panda.views import view_text
from tests.monitor.conftest import Site

SERVER = "https://pandaserver-doma.cern.ch"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://pandaserver-doma.cern.ch/trf/user/x",
        "https://pandaserver-doma.cern.ch/",
        "https://pandaserver-doma.cern.ch/trf/",
        "https://pandaserver-doma.cern.ch/trf/../secret",
        "https://pandaserver-doma.cern.ch/trf/user/..",
        "https://pandaserver-doma.cern.ch/trf/%2e%2e/secret",
        "https://pandaserver-doma.cern.ch:8443/trf/user/x",
        "https://pandaserver-doma.cern.ch@evil.example/trf/x",
        "https://evil.example/https://pandaserver-doma.cern.ch/trf/x",
        "https://pandaserver-doma.cern.ch.evil.example/trf/x",
        "https://pandaserver-doma.cern.ch/trf/x?y=1",
        "https://pandaserver-doma.cern.ch/trf/x\n",
        "file:///etc/passwd",
    ],
)
def test_any_other_address_is_refused(site: Site, address: str) -> None:
    answer = site.get(f"/panda/view-text/?{urlencode({'url': address})}")
    assert answer.status_code == 400
    assert answer["Content-Type"].startswith("text/plain")
    assert answer.content == b"Missing or invalid url parameter"


@given(st.text())
def test_whatever_follows_the_path_stays_below_the_folder(tail: str) -> None:
    try:
        path = script_path(f"{SERVER}/trf/{tail}")
    except NotAScriptError:
        return
    assert path.startswith("/trf/")
    assert ".." not in path.split("/")
    assert path.isascii()


def test_a_script_is_shown_as_text(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_text, "read_script", lambda path: f"#!/bin/sh\n# {path} <b>&</b>\n")
    answer = site.get(f"/panda/view-text/?{urlencode({'url': f'{SERVER}/trf/user/runGen-00-00-02'})}")
    assert answer.status_code == 200
    assert "# /trf/user/runGen-00-00-02 &lt;b&gt;&amp;&lt;/b&gt;" in answer.content.decode()


def test_a_server_that_cannot_be_reached_is_a_bad_gateway(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripts, "HOST", "127.0.0.1:9")
    with pytest.raises(ScriptUnavailableError):
        scripts.read_script("/trf/user/x")
    answer = site.get(f"/panda/view-text/?{urlencode({'url': f'{SERVER}/trf/user/x'})}")
    assert answer.status_code == 502
    assert answer["Content-Type"].startswith("text/plain")
