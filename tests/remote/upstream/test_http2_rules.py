"""HTTP/2's pure parts: heads, windows, patience with frames that carry nothing, and signs of life."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from hpack import NeverIndexedHeaderTuple
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swf_remote.proxy.failures import BrokenAnswerError
from swf_remote.proxy.http2.heads import answer_head, request_fields
from swf_remote.proxy.http2.health import ANSWER_SECONDS, IDLE_SECONDS, QUIET_SECONDS, Health, Step
from swf_remote.proxy.http2.machine import Machine
from swf_remote.proxy.http2.windows import (
    LARGEST_STREAM_WINDOW,
    MOST_FREE_FRAMES,
    STREAM_WINDOW,
    Credit,
    FloodError,
    Growth,
    Patience,
)
from tests.remote.upstream.scripted_http2 import frame


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_host_becomes_the_authority_and_what_speaks_of_the_connection_stays() -> None:
    headers = [
        ("Host", "monitor.example"),
        ("Connection", "close"),
        ("Transfer-Encoding", "chunked"),
        ("TE", "gzip"),
        ("Accept", "a"),
    ]
    fields = [tuple(one) for one in request_fields("GET", "/x?y=%2F", headers, "127.0.0.1:18443")]
    assert fields == [
        (b":method", b"GET"),
        (b":scheme", b"https"),
        (b":authority", b"monitor.example"),
        (b":path", b"/x?y=%2F"),
        (b"accept", b"a"),
    ]
    assert (b":authority", b"127.0.0.1:18443") in request_fields("GET", "/", [], "127.0.0.1:18443")


@pytest.mark.parametrize(("name", "value"), [("X-Split", "a\r\nb"), ("X-Nul", "a\0"), ("x y", "a"), ("", "a")])
def test_what_cannot_be_sent_is_refused_before_the_compressor_sees_it(name: str, value: str) -> None:
    with pytest.raises(BrokenAnswerError):
        request_fields("GET", "/", [(name, value)], "m")


def test_what_differs_with_each_request_or_is_secret_stays_out_of_the_compressors_table() -> None:
    headers = [("X-Remote-User-Token", "a.b.c"), ("Authorization", "Bearer x"), ("X-Remote-User", "alice")]
    kept_out = [
        bytes(one[0]) for one in request_fields("GET", "/", headers, "m") if type(one) is NeverIndexedHeaderTuple
    ]
    assert kept_out == [b"x-remote-user-token", b"authorization"]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=12), st.binary(max_size=12)), max_size=6), st.binary(max_size=4))
def test_a_head_is_taken_whole_or_refused_as_broken(fields: list[tuple[bytes, bytes]], status: bytes) -> None:
    try:
        head = answer_head([(b":status", status), *fields], "GET")
    except BrokenAnswerError:
        return
    assert 200 <= head.status <= 599
    for name, value in head.fields:
        assert name
        assert name == name.lower()
        assert not set(name) & set(b": \t\r\n\0")
        assert not set(value) & set(b"\r\n\0")


def test_credit_comes_in_quarters_of_a_window_and_never_exceeds_what_was_taken() -> None:
    credit = Credit(Growth(0))
    given_back = [credit.taken(STREAM_WINDOW // 8, left=1) for _ in range(8)]
    assert given_back == [0, STREAM_WINDOW // 4] * 4


def test_windows_grow_for_readers_who_keep_up_within_what_all_may_grow_together() -> None:
    growth = Growth(3 * STREAM_WINDOW)
    first, second = Credit(growth), Credit(growth)
    for credit in (first, second):
        for _ in range(10):
            credit.taken(credit.window, left=0)
    assert (first.window, second.window, growth.left) == (4 * STREAM_WINDOW, STREAM_WINDOW, 0)
    first.end()
    second.taken(STREAM_WINDOW, left=0)
    assert (second.window, growth.left) == (2 * STREAM_WINDOW, 2 * STREAM_WINDOW)


def test_a_window_has_a_largest_size_and_a_slow_readers_never_grows() -> None:
    quick, slow = Credit(Growth()), Credit(Growth())
    for _ in range(20):
        quick.taken(quick.window, left=0)
        slow.taken(slow.window, left=1)
    assert (quick.window, slow.window) == (LARGEST_STREAM_WINDOW, STREAM_WINDOW)


def test_patience_ends_and_comes_back_with_time_and_with_what_we_send() -> None:
    clock = Clock()
    patience = Patience(clock)
    for _ in range(int(MOST_FREE_FRAMES)):
        patience.spend()
    with pytest.raises(FloodError):
        patience.spend()
    clock.now += 1
    for _ in range(199):
        patience.spend()
    patience.sent()
    for _ in range(4):
        patience.spend()
    with pytest.raises(FloodError) as caught:
        patience.spend()
    assert caught.value.error_code == ErrorCodes.ENHANCE_YOUR_CALM


def looks(life: Health, begin: float, seconds: int, *, busy: bool = True) -> list[Step]:
    return [life.look(begin + second, busy=busy) for second in range(1, seconds + 1)]


def test_silence_is_asked_about_and_more_silence_means_the_end() -> None:
    found = looks(Health(0.0), 0.0, int(QUIET_SECONDS + ANSWER_SECONDS))
    asked = int(QUIET_SECONDS) - 1
    assert found == [Step.NOTHING] * asked + [Step.ASK] + [Step.NOTHING] * int(ANSWER_SECONDS - 1) + [Step.GIVE_UP]


def test_anything_heard_is_a_sign_of_life() -> None:
    life = Health(0.0)
    assert looks(life, 0.0, 3)[-1] is Step.ASK
    life.heard(4.0)
    assert looks(life, 3.0, 3) == [Step.NOTHING] * 3
    assert life.look(7.0, busy=True) is Step.ASK


def test_a_process_that_stood_still_itself_gives_nobody_up() -> None:
    life = Health(0.0)
    assert looks(life, 0.0, 3)[-1] is Step.ASK
    assert life.look(60.0, busy=True) is Step.NOTHING
    assert looks(life, 60.0, int(ANSWER_SECONDS))[-1] is Step.GIVE_UP


def test_a_connection_that_nobody_uses_is_closed_and_one_in_use_never() -> None:
    life = Health(0.0)
    life.heard(IDLE_SECONDS)
    assert life.look(IDLE_SECONDS, busy=True) is not Step.CLOSE
    assert life.look(IDLE_SECONDS, busy=False) is Step.CLOSE


_FRAMES = st.builds(
    frame,
    st.integers(0, 12),
    st.integers(0, 255),
    st.sampled_from([0, 1, 2, 3, 5]),
    st.one_of(st.binary(max_size=40), st.sampled_from([b"\x88", b"\0\0\0\0", bytes(8), b"\0\0\0\1\0\0\0\0"])),
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(_FRAMES, max_size=12), st.booleans())
def test_whatever_a_monitor_sends_is_events_or_the_protocols_own_error(frames: list[bytes], asked: bool) -> None:
    machine = Machine(Patience(Clock()))
    machine.begin()
    if asked:
        machine.send_headers(1, request_fields("GET", "/", [], "m"), end_stream=True)
    try:
        for one in frames:
            machine.receive_data(one)
    except ProtocolError:
        pass
