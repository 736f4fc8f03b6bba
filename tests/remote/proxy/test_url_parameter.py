"""Pages that fetch an address which the reader gives: only a plain path below the one allowed folder passes."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.proxy.policy.url_parameter import fault_in

TRF = "https://pandaserver-doma.cern.ch/trf/"


@pytest.mark.parametrize(
    "query",
    [
        b"url=https://pandaserver-doma.cern.ch/trf/user/runGen-00-00-02",
        b"url=https%3A%2F%2Fpandaserver-doma.cern.ch%2Ftrf%2Fuser%2FrunGen-00-00-02",
        b"url=https://PandaServer-doma.cern.ch:443/trf/a.py",
        b"days=7&url=https://pandaserver-doma.cern.ch/trf/a~b_c,d=e/",
    ],
)
def test_a_plain_address_below_the_folder_passes(query: bytes) -> None:
    assert fault_in(query, TRF) is None


@pytest.mark.parametrize(
    "query",
    [
        b"",
        b"address=https://pandaserver-doma.cern.ch/trf/a",
        b"url=",
        b"url=https://pandaserver-doma.cern.ch/trf/a&url=https://pandaserver-doma.cern.ch/trf/b",
        b"url=https://pandaserver-doma.cern.ch/trf/a&%75rl=https://127.0.0.1/",
        b"url=https://pandaserver-doma.cern.ch/trf/a;url=https://127.0.0.1/",
        b"url=https://pandaserver-doma.cern.ch/trf/a&URL=https://127.0.0.1/",
    ],
)
def test_the_address_must_be_given_once(query: bytes) -> None:
    assert fault_in(query, TRF)


@pytest.mark.parametrize(
    "url",
    [
        "http://pandaserver-doma.cern.ch/trf/a",
        "file:///trf/a",
        "//pandaserver-doma.cern.ch/trf/a",
        "/trf/a",
        "https://127.0.0.1/trf/a",
        "https://pandaserver-doma.cern.ch.example.org/trf/a",
        "https://example.org/https://pandaserver-doma.cern.ch/trf/a",
        "https://user@pandaserver-doma.cern.ch/trf/a",
        "https://pandaserver-doma.cern.ch@example.org/trf/a",
        "https://pandaserver-doma.cern.ch\\@example.org/trf/a",
        "https://pandaserver-doma.cern.ch:8443/trf/a",
        "https://pandaserver-doma.cern.ch:443:80/trf/a",
        "https://pandaserver-doma.cern.ch./trf/a",
        "https://pandaserver-doma.cern.ch/",
        "https://pandaserver-doma.cern.ch/trf",
        "https://pandaserver-doma.cern.ch/trf/",
        "https://pandaserver-doma.cern.ch/trfs/a",
        "https://pandaserver-doma.cern.ch/TRF/a",
        "https://pandaserver-doma.cern.ch/trf/../server/panda/getJobs",
        "https://pandaserver-doma.cern.ch/trf/%2e%2e/server",
        "https://pandaserver-doma.cern.ch/trf/%252e%252e/server",
        "https://pandaserver-doma.cern.ch/trf/..%2fserver",
        "https://pandaserver-doma.cern.ch/trf/..%5cserver",
        "https://pandaserver-doma.cern.ch/trf/./a",
        "https://pandaserver-doma.cern.ch/trf//a",
        "https://pandaserver-doma.cern.ch/%74rf/../x",
        "https://pandaserver-doma.cern.ch/trf\\..\\server",
        "https://pandaserver-doma.cern.ch/trf/a\r\nHost: x",
        "https://pandaserver-doma.cern.ch/trf/a%0d%0aHost:%20x",
        "https://pandaserver-doma.cern.ch/trf/a\x00",
        "https://pandaserver-doma.cern.ch/trf/a b",
        "https://pandaserver-doma.cern.ch/trf/é",
        "https://pandaserver-doma.cern.ch/trf/a?x=1",
        "https://pandaserver-doma.cern.ch/trf/a#x",
        "https://pandaserver-doma.cern.ch/trf/a;x",
        "https://pandaserver-doma.cern.ch/trf/" + "a" * 3000,
    ],
)
def test_any_other_address_is_refused_with_words(url: str) -> None:
    fault = fault_in(b"url=" + quote(url, safe="").encode(), TRF)
    assert fault is not None
    assert fault.startswith("The address")


STARTS = st.sampled_from([TRF, TRF, TRF, "https://pandaserver-doma.cern.ch/", "HTTPS://x/trf/", "http://x/trf/", ""])
TAILS = st.lists(
    st.one_of(
        st.sampled_from(["trf", "a", "b-00", "x.py", "/"]),
        st.sampled_from(["..", ".", "\\", "%2e", "%2f", "%5c", "%25", "%00", "@", ":", "?", "#", ";", " ", "\n", "é"]),
    ),
    max_size=6,
).map("".join)


@given(STARTS, TAILS)
def test_what_passes_is_below_the_folder_in_every_reading(start: str, tail: str) -> None:
    url = start + tail
    query = b"url=" + quote(url, safe="").encode()
    if fault_in(query, TRF) is not None:
        return
    assert parse_qs(query.decode()) == {"url": [url]}
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc) == ("https", "pandaserver-doma.cern.ch")
    path = parts.path
    for _ in range(4):
        assert path.startswith("/trf/")
        assert not {"", ".", ".."} & set(path.rstrip("/").split("/")[1:])
        assert "\\" not in path
        path = unquote(path)
