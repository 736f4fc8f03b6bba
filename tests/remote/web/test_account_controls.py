"""The account corner that replaces the monitor's own on proxied pages."""

from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.accounts.readers import Reader
from swf_remote.web.account_controls import account_controls

ALICE = Reader("alice", is_staff=False, known_at_monitor=True)


class Parts(HTMLParser):
    """Elements and their attributes, and the text between them."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def first(self, tag: str) -> dict[str, str | None]:
        return next(attrs for name, attrs in self.tags if name == tag)


def goal_of(html: bytes) -> str:
    link = urlsplit(str(Parts(html).first("a")["href"]))
    assert link.path == "/prod/accounts/login/"
    return parse_qs(link.query, strict_parsing=True)["next"][0]


def test_an_anonymous_reader_can_log_in_and_comes_back_to_the_page() -> None:
    assert goal_of(account_controls(None, "/prod/panda/jobs/?status=failed&days=3")) == (
        "/prod/panda/jobs/?status=failed&days=3"
    )


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_any_page_address_survives_the_link(page: str) -> None:
    controls = account_controls(None, f"/prod/{page}")
    assert goal_of(controls) == f"/prod/{page}"
    assert [tag for tag, _ in Parts(controls).tags] == ["div", "a"]


def test_a_signed_in_reader_sees_the_name_and_a_log_out_button() -> None:
    parts = Parts(account_controls(ALICE, "/prod/"))
    assert parts.first("a")["href"] == "/prod/account/"
    assert parts.first("form")["action"] == "/prod/accounts/logout/"
    assert parts.first("form")["method"] == "post"
    assert parts.first("button")["type"] == "submit"
    assert "alice" in parts.text and "Log out" in parts.text


def test_a_name_cannot_bring_markup() -> None:
    parts = Parts(account_controls(Reader("<b>&\"'", is_staff=False, known_at_monitor=False), "/prod/"))
    assert [tag for tag, _ in parts.tags] == ["div", "a", "form", "button"]
    assert "<b>&\"'" in parts.text


@pytest.mark.parametrize("reader", [None, ALICE])
def test_the_block_ends_with_its_first_closing_div(reader: Reader | None) -> None:
    block = account_controls(reader, "/prod/")
    assert block.startswith(b'<div class="nav-auth">')
    assert block.index(b"</div>") == len(block) - len(b"</div>")


@pytest.mark.parametrize("reader", [None, ALICE])
def test_the_block_needs_no_inline_style_or_script(reader: Reader | None) -> None:
    attributes = {name for _, attrs in Parts(account_controls(reader, "/prod/")).tags for name in attrs}
    assert not {name for name in attributes if name == "style" or name.startswith("on")}
