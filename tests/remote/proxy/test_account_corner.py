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


SPELT = {
    "anonymous": ANONYMOUS,
    "named": NAMED,
    "single quotes and more classes": ANONYMOUS.replace('"nav-auth"', "'ms-auto nav-auth'"),
    "capitals": ANONYMOUS.replace("div class", "DIV CLASS").replace("/div", "/DIV"),
    "no quotes": ANONYMOUS.replace('"nav-auth"', "nav-auth"),
    "blanks": ANONYMOUS.replace('class="nav-auth"', '\n id="x"\tclass = "\nnav-auth\tx"\n').replace(
        "</div>", "</div\n>"
    ),
    "other blocks inside": '<div class="nav-auth"><div><div></div></div>x</div>',
    "a comment inside": '<div class="nav-auth"><!-- </div> <div> -->x</div>',
    "a script inside": "<div class='nav-auth'><script>'</div>'</script><textarea></div></textarea></div>",
    "a comparison inside": "<div class='nav-auth'>1 < 2 <> </div>",
}


@pytest.mark.parametrize("block", SPELT.values(), ids=SPELT.keys())
def test_the_corner_is_replaced(block: str) -> None:
    assert rewritten(f"<nav>{block}</nav><p>x</p>") == f"<nav>{CONTROLS.decode()}</nav><p>x</p>"
    assert counted(block) == (1, 1)


HIDDEN = {
    "in a comment": f"<!-- {ANONYMOUS} -->",
    "in a script": f"<script>'{ANONYMOUS}'</script>",
    "in a template": f"<template><p>{ANONYMOUS}</p></template>",
    "in a text": f"<textarea>{ANONYMOUS}</textarea>",
    "in a value": "<p title='<div class=\"nav-auth\"></div>'>",
    "in an end tag": '</div class="nav-auth">',
}


@pytest.mark.parametrize("other", HIDDEN.values(), ids=HIDDEN.keys())
def test_what_only_looks_like_a_corner_is_not_counted(other: str) -> None:
    assert counted(other) == (0, 0)
    assert counted(other + ANONYMOUS) == (1, 1)
    assert rewritten(other + ANONYMOUS).endswith(CONTROLS.decode())


def test_a_page_cut_off_anywhere_shows_no_half_of_the_controls() -> None:
    page = f"<nav>{NAMED}</nav>"
    for cut in range(len(page)):
        out = rewritten(page[:cut])
        assert (CONTROLS.decode() in out) == (cut >= len(page) - len("</nav>"))
        assert counted(page[:cut])[1] == int(CONTROLS.decode() in out)


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
