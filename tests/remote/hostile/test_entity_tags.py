"""Entity tags under any input: what mutation testing found that no test looked at."""

from __future__ import annotations

import pytest

from swf_remote.proxy.headers import listed
from swf_remote.proxy.validators import confirmed, ours, weak

VARIANT = b"v1"


@pytest.mark.parametrize("tag", [b"", b"abc", b'"abc', b'abc"', b'w/"abc"', b'"a b"', b'"a"b"', b'"a", "b"', b"*"])
def test_what_is_no_entity_tag_becomes_none(tag: bytes) -> None:
    assert (ours(tag, VARIANT), weak(tag)) == (None, None)
    assert confirmed(tag, b'"abc"', VARIANT) == b""


@pytest.mark.parametrize("tag", [b'"abc"', b'W/"abc"', b' "abc" ', b'\tW/"abc"'])
def test_the_tag_of_other_bytes_is_weak_and_names_the_same(tag: bytes) -> None:
    assert weak(tag) == b'W/"abc"'
    assert ours(tag, VARIANT) == b'W/"abc.v1"'


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (b'W/"abc.v1"', b'W/"abc.v1"'),
        (b'"abc.v1"', b'"abc.v1"'),
        (b'"abc"', b'"abc"'),
        (b'"x", W/"abc.v1", "abc"', b'W/"abc.v1"'),
        (b'W/"abc.v2"', b'W/"abc.v1"'),
        (b'"x", "y"', b'W/"abc.v1"'),
        (b"*", b'W/"abc.v1"'),
        (b"", b'W/"abc.v1"'),
    ],
)
@pytest.mark.parametrize("tag", [b'"abc"', b'W/"abc"', b' "abc"'])
def test_a_304_carries_the_readers_own_tag_where_it_is_confirmed(tag: bytes, asked: bytes, answered: bytes) -> None:
    assert confirmed(tag, asked, VARIANT) == answered


def test_empty_members_of_a_list_are_none() -> None:
    assert listed(b" a ,, \t,b\t, ") == [b"a", b"b"]
