"""Each header of a long list on each class of rows: whether it passes, changes or vanishes, in both directions."""

import pytest

from swf_remote.proxy.headers import Field
from swf_remote.proxy.page import PageContext
from swf_remote.proxy.policy.routes import Identity, Kind, Rewriting, Route
from swf_remote.proxy.request import upstream_request
from swf_remote.proxy.response import Asked, reader_answer
from tests.remote.proxy.bodies import SITES

PAGE = PageContext(b"<div>alice</div>", b"/prod/x")
CLASSES = {
    "page": Route("x"),
    "data": Route("x", kind=Kind.DATA, rewriting=Rewriting.CELLS),
    "own": Route("x", identity=Identity.READER),
    "files": Route("x", kind=Kind.STATIC, rewriting=Rewriting.FILES),
    "as it is": Route("x", kind=Kind.STATIC, rewriting=Rewriting.NONE),
    "stream": Route("x", kind=Kind.STREAM, rewriting=Rewriting.NONE),
}
ALL = frozenset(CLASSES)
PARTS = frozenset({"files", "as it is"})
STATIC = PARTS
REWRITTEN = ALL - {"as it is", "stream"}
NOWHERE: frozenset[str] = frozenset()

BROWSERS_OWN = """
    Accept-Charset Authorization Cookie Cookie2 Proxy-Authorization X-Remote-User X_Remote_User Remote-User
    X-Forwarded-User X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X-Real-IP Forwarded Via X-CSRFToken
    X-CSRF-Token Connection Keep-Alive Proxy-Connection TE Trailer Transfer-Encoding Upgrade HTTP2-Settings
    Expect Origin Referer Pragma DNT Sec-Fetch-Site Sec-Fetch-Mode Sec-CH-UA Upgrade-Insecure-Requests
    Max-Forwards Date From Early-Data Priority Save-Data Service-Worker X-HTTP-Method-Override X-Original-URL
    X-Rewrite-URL X-Accel-Redirect Content-Encoding Content-Language Content-Location Content-MD5 Destination
    Depth Prefer Want-Digest Digest Access-Control-Request-Method Tracestate Baggage X-Anything Proxy
"""
MONITORS_OWN = """
    Set-Cookie Set-Cookie2 Server Via X-Powered-By X-Served-By X-Runtime Alt-Svc Strict-Transport-Security
    Public-Key-Pins Clear-Site-Data WWW-Authenticate Proxy-Authenticate Authentication-Info
    Proxy-Authentication-Info Proxy-Status NEL Report-To Reporting-Endpoints X-Accel-Redirect
    X-Accel-Buffering X-Sendfile X-Remote-User Connection Keep-Alive Proxy-Connection Transfer-Encoding Trailer
    Upgrade TE Access-Control-Allow-Origin Access-Control-Allow-Credentials
    Access-Control-Allow-Private-Network Access-Control-Expose-Headers Timing-Allow-Origin Server-Timing
    X-Request-ID X-SWF-Cache
    X_Odd
"""

REQUEST = {
    "Accept": ALL,
    "Accept-Language": ALL,
    "User-Agent": ALL,
    "Cache-Control": ALL,
    "Last-Event-ID": ALL,
    "Traceparent": ALL,
    "X-Request-ID": ALL,
    "X-Requested-With": ALL,
    "X-Fragment": ALL,
    "Content-Type": ALL,
    "Range": PARTS,
    "If-Range": PARTS,
    "If-Match": ALL - {"stream"},
    "If-None-Match": ALL - {"stream"},
    "If-Unmodified-Since": ALL - {"stream"},
    "If-Modified-Since": STATIC,
    **dict.fromkeys(BROWSERS_OWN.split(), NOWHERE),
    **dict.fromkeys(["X-Csrftoken ", "", "Bad Name"], NOWHERE),
}

ANSWER = {
    "Cache-Control": ALL,
    "Expires": ALL,
    "Pragma": ALL,
    "Age": ALL,
    "Date": ALL,
    "Allow": ALL,
    "Retry-After": ALL,
    "Warning": ALL,
    "Content-Disposition": ALL,
    "Content-Language": ALL,
    "Content-Location": ALL,
    "Location": ALL,
    "Link": ALL,
    "X-PanDA-TRF-Cache": ALL,
    "X-Anything": ALL,
    "X-Frame-Options": ALL,
    "Deprecation": ALL,
    "ETag": PARTS & {"as it is"},
    "Last-Modified": ALL - {"page", "own"},
    "Content-Length": ALL - REWRITTEN,
    "Content-MD5": ALL - REWRITTEN,
    "Digest": ALL - REWRITTEN,
    "Repr-Digest": ALL - REWRITTEN,
    "Accept-Ranges": ALL - REWRITTEN,
    **dict.fromkeys(MONITORS_OWN.split(), NOWHERE),
    **dict.fromkeys(["Bad Name", ""], NOWHERE),
}
# Values that mean something to the one who reads them; all others are "x".
VALUES = {"ETag": b'"x"', "If-Match": b'"x"', "If-None-Match": b'"x"', "Allow": b"GET", "Accept-Ranges": b"bytes"}


def cases(table: dict[str, frozenset[str]]) -> list[tuple[str, str, bool]]:
    return [(name, row, row in rows) for name, rows in table.items() for row in CLASSES]


@pytest.mark.parametrize(("name", "row", "passes"), cases(REQUEST))
def test_request_headers_pass_by_a_list(name: str, row: str, passes: bool) -> None:
    value = VALUES.get(name, b"x")
    request = upstream_request(
        "POST", b"/prod/x", b"", [(name.encode(), value)], route=CLASSES[row], sites=SITES, remote_user=None, host="m"
    )
    found = dict(request.headers)
    assert found.pop("host") == "m"
    assert found.pop("accept-encoding")
    assert found == ({name.lower(): value.decode()} if passes else {})


def told(name: str, row: str) -> list[bytes]:
    kind = b"text/html" if row in ("page", "own") else b"application/json"
    headers: list[Field] = [(b"Content-Type", kind), (name.encode(), VALUES.get(name, b"x"))]
    answer = reader_answer(200, headers, asked=Asked(), route=CLASSES[row], sites=SITES, page=PAGE)
    return [value for field, value in answer.headers if field == name.lower().encode()]


@pytest.mark.parametrize(("name", "row", "passes"), cases(ANSWER))
def test_answer_headers_pass_unless_they_are_not_the_readers(name: str, row: str, passes: bool) -> None:
    if name == "ETag" and row in REWRITTEN:
        assert told(name, row)[0].startswith(b'W/"x.')
    elif name == "ETag":
        assert told(name, row) == [b'"x"']
    else:
        assert told(name, row) == ([VALUES.get(name, b"x")] if passes else [])


@pytest.mark.parametrize("name", ["accept", "range", "x-fragment", "content-type", "content-length", "host"])
def test_what_connection_names_does_not_pass(name: str) -> None:
    headers = [(b"Connection", b"close, " + name.title().encode()), (name.encode(), b"1")]
    request = upstream_request(
        "POST", b"/prod/x", b"", headers, route=CLASSES["as it is"], sites=SITES, remote_user=None, host="m"
    )
    assert dict(request.headers) == {"host": "m", "accept-encoding": "identity"}


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_request_that_changes_nothing_announces_no_body(method: str) -> None:
    """Its body is not sent, and a length without a body would swallow the connection's next request."""
    headers = [(b"Content-Length", b"5"), (b"Content-Type", b"text/plain"), (b"Transfer-Encoding", b"chunked")]
    request = upstream_request(
        method, b"/prod/x", b"", headers, route=CLASSES["page"], sites=SITES, remote_user=None, host="m"
    )
    assert {name for name, _ in request.headers} == {"host", "accept-encoding"}


@pytest.mark.parametrize("value", [b"caf\xe9", b"\xff\xfe", "né".encode(), b'a "b, c"; d', b"a\tb"])
def test_bytes_beyond_ascii_pass_as_they_are(value: bytes) -> None:
    headers = [(b"Content-Disposition", value), (b"X-Note", value)]
    answer = reader_answer(200, headers, asked=Asked(), route=CLASSES["page"], sites=SITES, page=PAGE)
    assert answer.headers[:2] == [(b"content-disposition", value), (b"x-note", value)]


@pytest.mark.parametrize("value", [b"a\r\n b", b"a\rb", b"a\nSet-Cookie: x", b"a\0b"])
def test_a_value_that_could_end_its_line_does_not_pass(value: bytes) -> None:
    answer = reader_answer(200, [(b"X-Note", value)], asked=Asked(), route=CLASSES["page"], sites=SITES, page=PAGE)
    assert b"x-note" not in dict(answer.headers)
