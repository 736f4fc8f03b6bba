"""One reading of a path: accepted as it is meant, or refused with a reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swf_remote.proxy.policy import refusals
from swf_remote.proxy.policy.paths import normalise
from swf_remote.proxy.policy.refusals import Refusal, RefusedPath


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        (b"/prod", ""),
        (b"/prod/", ""),
        (b"/prod/panda/jobs/", "panda/jobs/"),
        (b"/prod/pcs/tasks/group.EIC.26.07.0.x/", "pcs/tasks/group.EIC.26.07.0.x/"),
        (b"/prod/%70anda/", "panda/"),
        (b"/prod/pcs/find/a%20b/", "pcs/find/a b/"),
        (b"/prod/x/%C3%A9/", "x/é/"),
        (b"/prod/x/100%25/", "x/100%/"),
        (b"/prod/alarms/teams/@x/", "alarms/teams/@x/"),
    ],
)
def test_an_honest_path_is_decoded_once(raw: bytes, meant: str) -> None:
    assert normalise(raw, "/prod") == meant


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        (b"/", refusals.OUTSIDE_MOUNT),
        (b"/production/", refusals.OUTSIDE_MOUNT),
        (b"/prod/panda/../admin/", refusals.DOT_SEGMENT),
        (b"/prod/./panda/", refusals.DOT_SEGMENT),
        (b"/prod/panda/..", refusals.DOT_SEGMENT),
        (b"/prod/panda/%2e%2e/admin/", refusals.DOT_SEGMENT),
        (b"/prod/panda/.%2E/admin/", refusals.DOT_SEGMENT),
        (b"/prod/panda/%252e%252e/admin/", refusals.DOT_SEGMENT),
        (b"/prod/panda/..;x/admin/", refusals.DOT_SEGMENT),
        (b"/prod//admin/", refusals.EMPTY_SEGMENT),
        (b"/prod/panda//system/", refusals.EMPTY_SEGMENT),
        (b"/prod/panda%2fsystem/", refusals.HIDDEN_SLASH),
        (b"/prod/panda%252Fsystem/", refusals.HIDDEN_SLASH),
        (b"/prod/panda\\system/", refusals.HIDDEN_SLASH),
        (b"/prod/panda%5csystem/", refusals.HIDDEN_SLASH),
        (b"/prod/panda/%00", refusals.CONTROL_CHARACTER),
        (b"/prod/panda/%0d%0aX:1", refusals.CONTROL_CHARACTER),
        (b"/prod/panda/\x00", refusals.CONTROL_CHARACTER),
        (b"/prod/panda/ x", refusals.CONTROL_CHARACTER),
        (b"/prod/panda/%", refusals.BAD_ESCAPE),
        (b"/prod/panda/%c0%ae/", refusals.BAD_ESCAPE),
        (b"/prod/x/%2525252561/", refusals.BAD_ESCAPE),
    ],
)
def test_a_path_that_may_mean_two_things_is_refused(raw: bytes, refusal: Refusal) -> None:
    with pytest.raises(RefusedPath) as refused:
        normalise(raw, "/prod")
    assert refused.value.refusal is refusal


@given(st.binary(max_size=60))
def test_what_passes_can_neither_climb_nor_hide(tail: bytes) -> None:
    try:
        path = normalise(b"/prod/" + tail, "/prod")
    except RefusedPath:
        return
    assert not {"..", "."} & set(path.split("/"))
    assert "//" not in path
    assert not set(path) & {"\\", "\0", "\n", "\r"}
    assert path.count("/") == tail.count(b"/")
