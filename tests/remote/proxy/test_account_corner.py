"""The monitor's account corner gives way to ours, and a page without a sound one is left alone."""

import pytest

from tests.remote.proxy.bodies import CONTROLS, rewriter, rewritten

ANONYMOUS = '<div class="nav-auth"><a href="/swf-monitor/accounts/login/?next=/swf-monitor/x">Login</a></div>'
NAMED = (
    '<div class="nav-auth">\n<a href="/swf-monitor/account/">bob</a>'
    '<form method="post" action="/swf-monitor/accounts/logout/"><input value="</div>">'
    "<button>Out</button></form>\n</div>"
)


def counted(page: str) -> tuple[int, int]:
    """Blocks seen and controls placed in `page`."""
    fed = rewriter()
    fed.feed(page.encode())
    fed.finish()
    assert fed.placement is not None
    return fed.placement.blocks, fed.placement.placed


@pytest.mark.parametrize("block", [ANONYMOUS, NAMED, ANONYMOUS.replace('"nav-auth"', "'ms-auto nav-auth'")])
def test_the_corner_is_replaced(block: str) -> None:
    assert rewritten(f"<nav>{block}</nav><p>x</p>") == f"<nav>{CONTROLS.decode()}</nav><p>x</p>"
    assert counted(block) == (1, 1)


def test_a_corner_with_a_div_inside_ends_at_its_own_end() -> None:
    assert rewritten('<div class="nav-auth"><div>a</div></div>b') == CONTROLS.decode() + "b"


def test_a_page_without_a_corner_works() -> None:
    assert rewritten("<nav></nav>") == "<nav></nav>"
    assert counted("<nav></nav>") == (0, 0)


def test_of_two_corners_the_first_is_replaced_and_the_other_mapped() -> None:
    page = rewritten(ANONYMOUS + ANONYMOUS)
    assert page == CONTROLS.decode() + ANONYMOUS.replace("/swf-monitor", "/prod")
    assert counted(ANONYMOUS + ANONYMOUS) == (2, 1)


@pytest.mark.parametrize("rest", ["", "x" * 40_000])
def test_a_corner_that_does_not_end_hides_nothing(rest: str) -> None:
    page = f'<div class="nav-auth"><a href="/swf-monitor/x">{rest}'
    assert rewritten(page) == page.replace("/swf-monitor", "/prod")
    assert counted(page) == (1, 0)


def test_without_controls_the_corner_stays() -> None:
    assert rewritten(ANONYMOUS, controls=b"") == ANONYMOUS.replace("/swf-monitor", "/prod")


def test_other_elements_of_that_name_stay() -> None:
    page = '<span class="nav-auth">a</span><div class="nav-authority">b</div><p title="nav-auth">c</p>'
    assert rewritten(page) == page
