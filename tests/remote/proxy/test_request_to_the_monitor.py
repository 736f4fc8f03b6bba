"""What of a reader's request reaches the monitor."""

import pytest

from swf_remote.proxy.page import PageContext
from swf_remote.proxy.policy.routes import Route, decide
from swf_remote.proxy.request import UpstreamRequest, upstream_request
from swf_remote.proxy.response import Asked, reader_answer
from tests.remote.proxy.bodies import SITES

PAGE = PageContext(controls=b"<div>alice</div>")


def asked(
    path: str = "panda/jobs/",
    *headers: tuple[bytes, bytes],
    method: str = "GET",
    query: bytes = b"",
    user: str | None = None,
    raw: bytes | None = None,
) -> UpstreamRequest:
    """The monitor's request for one below our mount."""
    route = decide(method, path).route
    assert route is not None
    return upstream_request(
        method,
        b"/prod/" + path.encode() if raw is None else raw,
        query,
        headers,
        route=route,
        sites=SITES,
        remote_user=user,
        host="pandaserver02.sdcc.bnl.gov",
        page=PAGE,
    )


def sent(request: UpstreamRequest) -> dict[str, str]:
    """The header lines by name, each of which comes once."""
    assert len(dict(request.headers)) == len(request.headers)
    return dict(request.headers)


@pytest.mark.parametrize(
    "query", [b"a=1&a=2&b=&c", b"x=%2F;y+z", b"n=%ff%FE", b"order%5B0%5D%5Bcolumn%5D=1&order[0][dir]=asc", b"?&&="]
)
def test_the_query_passes_byte_for_byte(query: bytes) -> None:
    assert asked(query=query).target == "/swf-monitor/panda/jobs/?" + query.decode()


def test_the_path_passes_byte_for_byte() -> None:
    assert asked("pcs/x y/", raw=b"/prod/pcs/x%20%79/").target == "/swf-monitor/pcs/x%20%79/"


@pytest.mark.parametrize("raw", [b"/prod", b"/prod/"])
def test_the_first_page_is_the_production_hub(raw: bytes) -> None:
    assert asked("", raw=raw, query=b"tab=ops").target == "/swf-monitor/prod/?tab=ops"


@pytest.mark.parametrize(
    "name",
    [
        "Cookie", "Authorization", "Proxy-Authorization", "X-Remote-User", "X_Remote_User", "Remote-User", "Forwarded",
        "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "X-CSRFToken", "Connection", "TE",
        "Upgrade", "Keep-Alive", "Transfer-Encoding", "Trailer", "Proxy-Connection", "Expect", "Origin", "Referer",
        "X-HTTP-Method-Override", "Range", "Via",
    ],
)  # fmt: skip
def test_a_header_that_is_not_listed_does_not_pass(name: str) -> None:
    assert sent(asked("panda/jobs/", (name.encode(), b"x"), user="alice")).keys() == {"host", "accept-encoding"}


def test_listed_headers_pass_whole() -> None:
    given = {
        "accept": "text/html;q=0.9",
        "accept-language": "de",
        "user-agent": "M",
        "cache-control": "no-cache",
        "content-type": 'multipart/form-data; boundary="a b"; charset=utf-8',
        "content-length": "12",
        "last-event-id": "7",
        "traceparent": "00-x",
        "x-request-id": "r1",
        "x-requested-with": "XMLHttpRequest",
        "x-fragment": "1",
    }
    request = asked(
        "pcs/x/", *((k.title().encode(), v.encode()) for k, v in given.items()), method="POST", user="alice"
    )
    expected = {"host": "pandaserver02.sdcc.bnl.gov", "accept-encoding": "zstd, br, gzip", "x-remote-user": "alice"}
    assert sent(request) == {**given, **expected}


def test_a_row_may_let_further_headers_pass() -> None:
    given = [(b"X-Plot-Width", b"800"), (b"X-Other", b"1")]
    request = upstream_request(
        "GET",
        b"/prod/a/",
        b"",
        given,
        route=Route("a/", headers=frozenset({"x-plot-width"})),
        sites=SITES,
        remote_user=None,
        host="h",
    )
    assert sent(request)["x-plot-width"] == "800"
    assert "x-other" not in sent(request)


def test_what_connection_names_does_not_pass() -> None:
    headers = ((b"Connection", b"close, X-Fragment"), (b"X-Fragment", b"1"), (b"Accept", b"a"))
    assert "x-fragment" not in sent(asked("panda/", *headers))


def test_repeated_lists_are_joined_and_the_first_of_others_counts() -> None:
    headers = ((b"Accept", b"a"), (b"accept", b"b"), (b"Content-Type", b"text/a"), (b"Content-Type", b"text/b"))
    found = sent(asked("pcs/", *headers, method="POST", user="a"))
    assert (found["accept"], found["content-type"]) == ("a, b", "text/a")


def test_a_value_with_a_line_break_does_not_pass() -> None:
    assert "accept" not in sent(asked("panda/", (b"Accept", b"a\r\nX-Remote-User: root")))


def test_the_name_goes_only_where_the_table_asks_for_it() -> None:
    assert sent(asked("pcs/", user="alice"))["x-remote-user"] == "alice"
    assert "x-remote-user" not in sent(asked("panda/", user="alice"))
    assert "x-remote-user" not in sent(asked("pcs/", user=None))


@pytest.mark.parametrize("name", ["", "Alice", "a b", "a" * 31, "ä", "a\nb", "a@b"])
def test_a_name_that_the_gateway_does_not_give_out_is_never_sent(name: str) -> None:
    with pytest.raises(ValueError, match="user name"):
        asked("pcs/", user=name)


def test_parts_of_files_are_asked_for_plain_and_parts_of_pages_never() -> None:
    headers = ((b"Range", b"bytes=0-9"), (b"If-Range", b'"a"'), (b"Accept-Encoding", b"gzip, br"))
    found = sent(asked("static/a.png", *headers))
    assert (found["range"], found["if-range"], found["accept-encoding"]) == ("bytes=0-9", '"a"', "identity")
    rewritten = sent(asked("panda/jobs/", *headers))
    assert "range" not in rewritten
    assert rewritten["accept-encoding"] == "zstd, br, gzip"


def test_head_is_asked_by_get_where_the_monitor_knows_no_head() -> None:
    assert asked("api/panda/jobs/", method="HEAD").method == "GET"
    assert asked("panda/jobs/", method="HEAD").method == "HEAD"


def test_our_entity_tag_comes_back_as_the_monitors() -> None:
    route = decide("GET", "static/a.css").route
    assert route is not None
    answer = reader_answer(
        200,
        [(b"Content-Type", b"text/css"), (b"ETag", b'"ed4-66"')],
        asked=Asked(),
        route=route,
        sites=SITES,
        page=PAGE,
    )
    tag = dict(answer.headers)[b"etag"]
    assert tag not in (b'"ed4-66"', b'W/"ed4-66"')
    assert sent(asked("static/a.css", (b"If-None-Match", b'"x", ' + tag)))["if-none-match"] == '"x", "ed4-66"'


def test_the_tag_of_another_readers_page_matches_nothing() -> None:
    other = PageContext(controls=b"<div>bob</div>").variant.decode()
    found = sent(asked("panda/", (b"If-None-Match", f'W/"a.{other}"'.encode())))
    assert found["if-none-match"] == f'"a.{other}"'


def test_pages_are_not_asked_for_by_date() -> None:
    date = (b"If-Modified-Since", b"Mon, 23 Nov 2026 21:06:22 GMT")
    assert "if-modified-since" not in sent(asked("panda/", date))
    assert "if-modified-since" in sent(asked("static/a.css", date))
