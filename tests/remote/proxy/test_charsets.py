"""Texts whose bytes are not ASCII's are read as what they are; all others keep their bytes, known charset or not."""

import codecs

import pytest

from swf_remote.proxy.coding.charsets import as_utf_8, codec_for, label_of
from swf_remote.proxy.page import ANONYMOUS
from swf_remote.proxy.policy.routes import Kind, Rewriting, Route
from swf_remote.proxy.response import Answer, Asked, reader_answer
from tests.remote.proxy.bodies import SITES
from tests.remote.proxy.test_answer_to_the_reader import passed, values

PAGE = '<a title="é" href="/swf-monitor/x">'
OURS = '<a title="é" href="/prod/x">'
TEXT = Route("x", rewriting=Rewriting.TEXT)
CELLS = Route("x", rewriting=Rewriting.CELLS, kind=Kind.DATA)


def answered(content_type: str, route: Route = TEXT) -> Answer:
    headers = [(b"Content-Type", content_type.encode())]
    return reader_answer(200, headers, asked=Asked(), route=route, sites=SITES, page=ANONYMOUS)


@pytest.mark.parametrize("charset", ["utf-16le", "UTF-16BE", "utf-32le", "utf-32be"])
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_page_in_a_wide_charset_is_rewritten_and_says_that_it_is_utf_8(charset: str, size: int) -> None:
    answer = answered(f'text/html; charset="{charset}"; x=y')
    assert values(answer, b"content-type") == [b"text/html; charset=utf-8; x=y"]
    assert passed(answer.passage, PAGE.encode(charset), size).decode() == OURS


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("declared", ["text/html", "text/html; charset=utf-8", "text/html; charset=nonsense"])
def test_a_byte_order_mark_outranks_the_head_and_stays(charset: str, declared: str) -> None:
    body = ("\ufeff" + PAGE).encode(charset)
    assert passed(answered(declared).passage, body, 1).decode() == "\ufeff" + OURS


def test_json_needs_no_mark_to_be_utf_8() -> None:
    body = ('\ufeff{"u": "/swf-monitor/é"}').encode("utf-16-le")
    assert passed(answered("application/json").passage, body, 1).decode() == '{"u": "/prod/é"}'


def test_a_utf_8_mark_outranks_a_wide_charset() -> None:
    answer = answered("text/html; charset=utf-16")
    body = codecs.BOM_UTF8 + PAGE.encode()
    assert passed(answer.passage, body, 1) == codecs.BOM_UTF8 + OURS.encode()


@pytest.mark.parametrize("charset", ["shift_jis", "gbk", "big5", "iso-2022-jp"])
def test_a_charset_that_uses_ascii_bytes_within_its_letters_becomes_utf_8(charset: str) -> None:
    script = 'var a = "十表ソ"; go("/swf-monitor/x")'
    text = script if charset != "big5" else script.replace("ソ", "功")
    answer = answered(f"text/javascript; charset={charset}")
    assert passed(answer.passage, text.encode(charset), 1).decode() == text.replace("/swf-monitor/", "/prod/")


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "koi8-r", "nonsense", "utf-7", "x" * 5000, "rot13"])
def test_a_charset_that_keeps_ascii_or_is_unknown_keeps_its_bytes(charset: str) -> None:
    declared = f"text/html; charset={charset}"
    answer = answered(declared)
    body = b'<a title="\xe9\xff\x80" href="/swf-monitor/x">'
    assert passed(answer.passage, body, 1) == body.replace(b"/swf-monitor/", b"/prod/")
    assert values(answer, b"content-type") == [declared.encode()]


def test_bytes_that_are_no_text_of_their_charset_do_no_harm() -> None:
    answer = answered("text/html; charset=utf-16le")
    assert "\ufffd" in passed(answer.passage, b"\x00\xd8a\x00\x01", 1).decode()


def test_table_cells_in_any_known_charset_become_utf_8() -> None:
    answer = answered("application/json; charset=iso-8859-1", CELLS)
    assert passed(answer.passage, '{"a": "é"}'.encode("latin-1"), 1).decode() == '{"a": "é"}'
    assert values(answer, b"content-type") == [b"application/json; charset=utf-8"]


@pytest.mark.parametrize(
    ("content_type", "label"),
    [(b"text/html", ""), (b"text/html;charset=a", "a"), (b'text/html; x="y"; CharSet = "a b"', "a b"),
     (b"text/html; charset=", "")],
)  # fmt: skip
def test_the_label_is_read_in_every_spelling(content_type: bytes, label: str) -> None:
    assert label_of(content_type) == label


def test_a_label_that_no_codec_has_is_no_error() -> None:
    assert [codec_for(label) for label in ("", "\xe9", "a\0b", "undefined", "idna", "zlib")] == [None] * 6
    assert as_utf_8(b"text/html") == b"text/html"
