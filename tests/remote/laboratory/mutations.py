"""Damage to pages, by number: what editors, truncation and bad luck do to markup. The same number, the same page."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from tests.remote.laboratory.monitor import answering
from tests.remote.laboratory.wire import Asked

PAGES = (
    "prod/",
    "prod/?tab=ops",
    "panda/jobs/",
    "panda/jobs/167402/",
    "panda/jobs/1/payload-log/",
    "panda/epic-queues/BNL_PanDA_1/",
    "panda/activity/",
    "panda/start/",
    "pcs/tasks/compose/",
    "pcs/notes/plan/edit/",
    "pcs/request/",
    "ai/assessments/",
    "ai/assessments/legacy/11/",
)
_INSERTED = (
    b"<!--",
    b"-->",
    b"<script>",
    b"</script>",
    b"<textarea>",
    b"</textarea>",
    b"<svg>",
    b"<![CDATA[",
    b"]]>",
    b"<style>",
    b"<template>",
    b"</template>",
    b"<title>",
    b"<a href=/swf-monitor/x/>",
    b'<a href="/swf-monitor/y/',
    b"<noscript>",
    b"<plaintext",
    b"</a",
    b"<img src='/swf-monitor/z.png' srcset='/swf-monitor/a.png 1x,/swf-monitor/b.png 2x'>",
    b"\x00",
    b"&#47;swf-monitor/",
    b"<a href=&#47;swf-monitor/e/>",
    b"<a href='\t/swf-monitor/t/'>",
    b"<math><mi",
    b"<table><tr><a ",
    b"<base target=x>",
    b"`${",
    b"}`",
    b"'/swf-monitor/' + `",
    b"/*",
    b"//",
    b"*/",
    b"\xff\xfe",
    b"\xc3",
    b"<form action=",
    b"<meta http-equiv=refresh content='0;url=/swf-monitor/m/'>",
    b"<frameset>",
    b"<iframe src=/swf-monitor/i/>",
    b"<p/=",
)


def page(path: str) -> bytes:
    """One whole page of the stand-in."""
    name, _, query = path.partition("?")
    said = answering(Asked("GET", name, query, (("accept", "text/html"),), b""))
    return re.sub(rb"Built at [0-9: ]+", b"Built at 20261124 03:00:00 ", said.data)


def _span(chance: random.Random, text: bytes, longest: int = 400) -> tuple[int, int]:
    start = chance.randrange(len(text) + 1)
    return start, min(len(text), start + chance.randrange(1, longest))


def _cut(chance: random.Random, text: bytes) -> bytes:
    start, end = _span(chance, text)
    return text[:start] + text[end:]


def _broken_off(chance: random.Random, text: bytes) -> bytes:
    return text[: chance.randrange(1, len(text) + 1)]


def _headless(chance: random.Random, text: bytes) -> bytes:
    return text[chance.randrange(len(text)) :]


def _doubled(chance: random.Random, text: bytes) -> bytes:
    start, end = _span(chance, text)
    return text[:end] + text[start:]


def _nested(chance: random.Random, text: bytes) -> bytes:
    start, end = _span(chance, text)
    place = chance.randrange(len(text) + 1)
    return text[:place] + text[start:end] + text[place:]


def _other_quotes(chance: random.Random, text: bytes) -> bytes:
    start, end = _span(chance, text)
    return text[:start] + text[start:end].translate(bytes.maketrans(b"\"'", b"'\"")) + text[end:]


def _no_quotes(chance: random.Random, text: bytes) -> bytes:
    start, end = _span(chance, text)
    return text[:start] + text[start:end].replace(b'"', b"").replace(b"'", b"") + text[end:]


def _other_case(chance: random.Random, text: bytes) -> bytes:
    start, end = _span(chance, text)
    part = text[start:end].replace(b"href", b"HrEf").replace(b"<a", b"<A").replace(b"script", b"SCRIPT")
    return text[:start] + part + text[end:]


def _garbage(chance: random.Random, text: bytes) -> bytes:
    place = chance.randrange(len(text) + 1)
    return text[:place] + chance.randbytes(chance.randrange(1, 40)) + text[place:]


def _inserted(chance: random.Random, text: bytes) -> bytes:
    place = chance.randrange(len(text) + 1)
    return text[:place] + chance.choice(_INSERTED) + text[place:]


def _moved(chance: random.Random, text: bytes) -> bytes:
    start, end = _span(chance, text)
    rest = text[:start] + text[end:]
    place = chance.randrange(len(rest) + 1)
    return rest[:place] + text[start:end] + rest[place:]


_DAMAGE: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    _cut,
    _broken_off,
    _headless,
    _doubled,
    _nested,
    _other_quotes,
    _no_quotes,
    _other_case,
    _garbage,
    _inserted,
    _inserted,
    _inserted,
    _moved,
)


def mutated(number: int) -> bytes:
    """The page of this number: one of the stand-in's pages with one to six pieces of damage."""
    chance = random.Random(number)
    text = page(chance.choice(PAGES))
    for _ in range(chance.randrange(1, 7)):
        text = chance.choice(_DAMAGE)(chance, text) or b"<"
    return text


def cuts(number: int, text: bytes) -> list[bytes]:
    """The same page in pieces of any size."""
    chance = random.Random(number)
    longest = chance.choice((3, 40, 700, 5000))
    pieces, start = [], 0
    while start < len(text):
        end = start + chance.randrange(1, longest)
        pieces.append(text[start:end])
        start = end
    return pieces
