"""Memory holds no more than it may, and forgets what was used longest ago."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from swf_remote.proxy.caching.entry import OVERHEAD, Entry, Made
from swf_remote.proxy.caching.store import Memory
from tests.remote.caching.test_entry import entry


def test_what_was_used_longest_ago_gives_way() -> None:
    memory = Memory(3 * (OVERHEAD + 1200))
    for name in (b"a", b"b", b"c"):
        memory.put(name, entry([b"x" * 1000]))
    memory.get(b"a")
    memory.put(b"d", entry([b"x" * 1000]))
    assert memory.get(b"b") is None
    assert None not in (memory.get(b"a"), memory.get(b"c"), memory.get(b"d"))


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 20_000)), max_size=40))
def test_the_limit_holds_whatever_is_put_in(puts: list[tuple[str, int]]) -> None:
    memory = Memory(30_000)
    for name, size in puts:
        memory.put(name.encode(), entry([b"x" * size] if size else []))
        assert 0 <= memory.bytes <= 30_000
    memory.drop_where(lambda _name, _kept: True)
    assert (len(memory), memory.bytes) == (0, 0)


def test_other_forms_of_an_answer_count_once_they_are_made() -> None:
    memory, kept = Memory(100_000), entry([b"x" * 1000])
    memory.put(b"a", kept)
    before = memory.bytes
    kept.remember("gzip", Made([], b"", b"y" * 5000))
    memory.recount(kept)
    assert memory.bytes == before + 5000
    assert not kept.grown


def test_an_answer_that_was_replaced_is_not_counted_again() -> None:
    memory, old = Memory(100_000), entry([b"x" * 1000])
    memory.put(b"a", old)
    memory.put(b"a", entry([b"z"]))
    before = memory.bytes
    old.remember("gzip", Made([], b"", b"y" * 5000))
    memory.recount(old)
    assert memory.bytes == before


def test_some_can_be_dropped_by_what_they_are() -> None:
    memory = Memory(100_000)
    memory.put(b"page", entry([b"x"]))
    memory.put(b"other", entry([b"y"], tag=b"gone"))
    assert memory.drop_where(lambda _name, kept: isinstance(kept, Entry) and kept.tag == b"gone") == 1
    assert memory.get(b"other") is None
    assert memory.get(b"page") is not None
