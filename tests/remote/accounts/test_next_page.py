"""After logging in, a reader lands on a page of ours, whatever the link said."""

from urllib.parse import quote, unquote, urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from swf_remote.accounts.next_page import LONGEST, own_page

HOME = "/prod/"
SITE = "https://epic-devcloud.org"


@pytest.mark.parametrize(
    "target",
    [
        "/prod/",
        "/prod/panda/jobs/?status=failed&days=3",
        "/prod/panda/tasks/4711/",
        "/prod/panda/view-text/?url=https://pandaserver-doma.cern.ch/trf/x",
        "/prod/panda/tasks/?taskname=50%25%20of%20%2F",
        "/prod/panda/epic-queues/BNL%20OSG/",
        "/prod/accounts/password_change/",
        "/prod/status/#live",
    ],
)
def test_pages_of_ours_are_kept_as_they_are(target: str) -> None:
    assert own_page(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "https://evil.example/prod/",
        "https:evil.example",
        "http:/prod/",
        "javascript:alert(1)",
        "data:text/html,x",
        "prod/",
        "/",
        "/prod",
        "/production/",
        "/swf-monitor/panda/",
        "/prod/../x",
        "/prod/..",
        "/prod/./x",
        "/prod/%2e%2e/x",
        "/prod/%252e%252e/x",
        "/prod/%25252525252e%25252525252e/x",
        "/prod/..%2fx",
        "/prod//evil.example/",
        "/prod/%2f%2fevil.example/",
        "/prod/%5cevil.example/",
        "/prod/x\\y",
        "/prod/\r\nSet-Cookie: a=b",
        "/prod/%0d%0aSet-Cookie:a=b",
        "/prod/%00",
        "/prod/a b",
        "\t/prod/",
        " /prod/",
        "/prod/\N{FULLWIDTH SOLIDUS}x",
        "/prod/ü",
        "/prod/accounts/login/?next=/prod/accounts/login/",
        "/prod/accounts/logout/",
        "/prod/" + "x" * LONGEST,
    ],
)
def test_everything_else_leads_home(target: str | None) -> None:
    assert own_page(target) == HOME


EVIL = st.text(alphabet=st.sampled_from("/\\.:%25fFeEcC0dDaA@?#\t\r\n x-prodevil"), max_size=40)


@given(st.one_of(EVIL, EVIL.map("/prod/".__add__), EVIL.map("//".__add__), st.text(max_size=30)))
@example("/prod/%2e%2e%2f%2e%2e%2fadmin")
def test_no_link_leads_out_of_the_mount(target: str) -> None:
    goal = own_page(target)
    parts = urlsplit(urljoin(f"{SITE}/prod/accounts/login/", goal))
    assert f"{parts.scheme}://{parts.netloc}" == SITE
    assert parts.path.startswith("/prod/")
    assert ".." not in unquote(unquote(unquote(parts.path))).split("/")
    assert goal.isascii() and goal.isprintable() and "\\" not in goal


@given(st.lists(st.text(min_size=1, max_size=8).map(lambda text: quote(text, safe="")), max_size=4))
def test_a_goal_is_either_kept_whole_or_replaced(segments: list[str]) -> None:
    target = "/prod/" + "/".join(segments)
    assert own_page(target) in {target, HOME}
