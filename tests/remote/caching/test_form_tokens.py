"""The monitor's tokens against forged forms leave no trace: pages that differ in them alone become the same."""

import pytest

from tests.remote.proxy.bodies import rewritten

EMPTIED = {
    "as Django writes it": (
        '<input type="hidden" name="csrfmiddlewaretoken" value="Ab9">',
        '<input type="hidden" name="csrfmiddlewaretoken" value="">',
    ),
    "value first": (
        "<input value='Ab9' name='csrfmiddlewaretoken'/>",
        "<input value='' name='csrfmiddlewaretoken'/>",
    ),
    "no quotes, capitals": (
        "<INPUT NAME=csrfmiddlewaretoken VALUE=Ab9 type=hidden>",
        '<INPUT NAME=csrfmiddlewaretoken VALUE="" type=hidden>',
    ),
    "between other fields": (
        '<form action="/swf-monitor/x"><input name=csrfmiddlewaretoken value="Ab9"><input value="Ab9"></form>',
        '<form action="/prod/x"><input name=csrfmiddlewaretoken value=""><input value="Ab9"></form>',
    ),
}


@pytest.mark.parametrize(("sent", "seen"), EMPTIED.values(), ids=EMPTIED.keys())
def test_the_token_is_emptied(sent: str, seen: str) -> None:
    assert rewritten(f"<p>{sent}</p>") == f"<p>{seen}</p>"


KEPT = {
    "another field": '<input type="hidden" name="token" value="csrfmiddlewaretoken">',
    "a longer name": '<input type="hidden" name="csrfmiddlewaretoken2" value="Ab9">',
    "a script that looks for it": "<script>document.querySelector('[name=csrfmiddlewaretoken]').value</script>",
    "a text about it": "<p title='csrfmiddlewaretoken'>csrfmiddlewaretoken value=\"Ab9\"</p>",
    "a field without a value": "<input name=csrfmiddlewaretoken>",
}


@pytest.mark.parametrize("other", KEPT.values(), ids=KEPT.keys())
def test_nothing_else_is_emptied(other: str) -> None:
    assert rewritten(other) == other
