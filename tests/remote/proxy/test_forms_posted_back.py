"""A form's hidden path, mapped to our side in the page, is the monitor's again when it is posted (contract 3.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.proxy.form import is_form, posted_back
from tests.remote.proxy.bodies import SITES

URLENCODED = b"application/x-www-form-urlencoded; charset=UTF-8"
MULTIPART = b"multipart/form-data; boundary=----Web"


def posted(body: bytes, content_type: bytes = URLENCODED, fields: tuple[str, ...] = ("next",)) -> bytes:
    return posted_back(body, content_type, fields, SITES)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (b"next=/prod/pcs/", b"next=/swf-monitor/pcs/"),
        (b"next=/prod", b"next=/swf-monitor"),
        (b"next=%2Fprod%2Fpcs%2F%3Fa%3D1", b"next=%2Fswf-monitor%2Fpcs%2F%3Fa%3D1"),
        (b"next=%2fprod%2Fx", b"next=%2Fswf-monitor%2Fx"),
        (b"a=1&next=/prod/x&b=%2Fprod%2F", b"a=1&next=/swf-monitor/x&b=%2Fprod%2F"),
        (b"ne%78t=/prod/x&next=/prod/y", b"ne%78t=/swf-monitor/x&next=/swf-monitor/y"),
        (b"next=https%3A%2F%2Fepic-devcloud.org%2Fprod%2Fx", b"next=%2Fswf-monitor%2Fx"),
        (b"next=https://EPIC-devcloud.org/prod/x", b"next=/swf-monitor/x"),
        (b"next=/prod/a?next=/prod/b", b"next=/swf-monitor/a?next=/swf-monitor/b"),
        (b"next=%2Fprod%2Fa%3Fnext%3D%252Fprod%252Fb", b"next=%2Fswf-monitor%2Fa%3Fnext%3D%252Fswf-monitor%252Fb"),
    ],
)
def test_our_path_becomes_the_monitors(ours: bytes, theirs: bytes) -> None:
    assert posted(ours) == theirs


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"next=",
        b"next",
        b"&&=&next=&",
        b"next=/production/x",
        b"next=/products",
        b"next=https://elsewhere.example/prod/x",
        b"next=see /prod/x",
        b"text=/prod/x&nextpage=/prod/x&Next=/prod/x",
        b"next=%zz%2",
        b"next=\xff\xfe",
    ],
)
def test_all_else_stays_byte_for_byte(body: bytes) -> None:
    assert posted(body) == body


def test_only_fields_of_the_table_are_mapped() -> None:
    assert posted(b"next=/prod/x&back=/prod/x", fields=("back",)) == b"next=/prod/x&back=/swf-monitor/x"


def part(disposition: bytes, value: bytes, more: bytes = b"") -> bytes:
    return b"------Web\r\nContent-Disposition: form-data; " + disposition + b"\r\n" + more + b"\r\n" + value + b"\r\n"


END = b"------Web--\r\n"


@pytest.mark.parametrize("name", [b'name="next"', b"NAME=next", b'x=y; name = "next"'])
def test_a_field_of_a_multipart_form_is_mapped(name: bytes) -> None:
    body = part(b'name="a"', b"/prod/x") + part(name, b"/prod/pcs/?next=/prod/b") + part(b'name="b"', b"\r\n--") + END
    expected = body.replace(b"/prod/pcs/?next=/prod/b", b"/swf-monitor/pcs/?next=/swf-monitor/b")
    assert posted(body, MULTIPART) == expected


def test_a_field_of_our_name_after_another_line_of_its_head_is_mapped() -> None:
    body = b"------Web\r\nContent-Type: text/plain\r\ncontent-disposition:form-data; name=next\r\n\r\n/prod/x\r\n" + END
    assert posted(body, MULTIPART) == body.replace(b"/prod/x", b"/swf-monitor/x")


@pytest.mark.parametrize(
    "body",
    [
        part(b'name="next"; filename="x"', b"/prod/x") + END,
        part(b"name=\"next\"; filename*=utf-8''x", b"/prod/x") + END,
        part(b'name="next"', b"/prod/x").replace(b"Web", b"Wab") + END,
        part(b'name="next"', b"/prod/x"),
        b"------Web\r\nno head at all",
        b"next=/prod/x",
        b"",
    ],
)
def test_files_and_what_is_no_part_stay(body: bytes) -> None:
    assert posted(body, MULTIPART) == body


@pytest.mark.parametrize("content_type", [b"multipart/form-data", b'multipart/form-data; boundary="'])
def test_a_multipart_form_without_a_boundary_stays(content_type: bytes) -> None:
    body = part(b'name="next"', b"/prod/x") + END
    assert posted(body, content_type) == body


def test_a_quoted_boundary_is_read() -> None:
    body = (part(b'name="next"', b"/prod/x") + END).replace(b"----Web", b"a b")
    assert posted(body, b'multipart/form-data; charset=utf-8; BOUNDARY="a b"') == body.replace(b"prod", b"swf-monitor")


@given(st.binary(max_size=300), st.sampled_from([URLENCODED, MULTIPART]))
def test_a_body_without_our_mount_is_never_touched(body: bytes, content_type: bytes) -> None:
    if b"prod" not in body.lower() and b"%" not in body:
        assert posted(body, content_type) == body


@given(st.lists(st.tuples(st.sampled_from([b"next", b"a", b""]), st.binary(max_size=12)), max_size=6))
def test_only_values_that_begin_with_our_mount_change(pairs: list[tuple[bytes, bytes]]) -> None:
    body = b"&".join(name + b"=" + value.hex().encode() for name, value in pairs)
    assert posted(body) == body
    assert posted(body + b"&next=/prod/" + body) == body + b"&next=/swf-monitor/" + body


@pytest.mark.parametrize(
    ("content_type", "form"),
    [(URLENCODED, True), (MULTIPART, True), (b"Application/X-WWW-Form-Urlencoded", True), (b"application/json", False),
     (b"multipart/mixed; boundary=x", False), (b"", False)],
)  # fmt: skip
def test_which_bodies_are_forms(content_type: bytes, form: bool) -> None:
    assert is_form(content_type) is form
