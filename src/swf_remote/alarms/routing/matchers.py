"""Matchers, as in ``site="BNL_*", user!=ops, taskname=~"26\\.0[67]"``: all of them have to hold.

``=`` and ``!=`` take ``*`` for any characters; ``=~`` and ``!~`` take a regular expression for the whole value, of a
kind whose time is linear (RE2). A label that an event does not have counts as empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import re2

LONGEST = 500
_ONE = re.compile(
    r"""\s*(?P<label>[a-z_][a-z0-9_]{0,29})\s*(?P<how>=~|!~|!=|=)\s*"""
    r"""(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s,"]+))\s*"""
)


class MatcherError(ValueError):
    """The text is no list of matchers; says where and why."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label."""

    label: str
    how: str
    pattern: str

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels fulfil it."""
        value = labels.get(self.label, "")
        if self.how[-1] == "~" or "*" in self.pattern:
            found = _compiled(self.how[-1] == "~", self.pattern).fullmatch(value) is not None
        else:
            found = value == self.pattern
        return found is not self.how.startswith("!")


@dataclass(frozen=True, slots=True)
class Matchers:
    """All of them have to hold; none: everything matches."""

    all: tuple[Matcher, ...] = ()

    def hold(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels fulfil all."""
        return all(one.holds(labels) for one in self.all)


@lru_cache(maxsize=1024)
def read_matchers(text: str) -> Matchers:
    """Matchers of a text; an empty one matches everything.

    Raises:
        MatcherError: it is none.
    """
    if len(text) > LONGEST:
        raise MatcherError(f"matchers may have {LONGEST} characters, these have {len(text)}")
    found, at = [], 0
    while at < len(text.rstrip()):
        one = _ONE.match(text, at)
        if one is None:
            raise MatcherError(f'expected label="value" at {text[at : at + 30].strip()!r}')
        quoted = one["quoted"]
        pattern = one["bare"] if quoted is None else re.sub(r"\\([\"\\])", r"\1", quoted)
        found.append(_checked(Matcher(one["label"], one["how"], pattern)))
        at = one.end()
        if at < len(text):
            if text[at] != ",":
                raise MatcherError(f"expected a comma at {text[at : at + 30].strip()!r}")
            at += 1
    return Matchers(tuple(found))


def _checked(one: Matcher) -> Matcher:
    try:
        _compiled(one.how[-1] == "~", one.pattern)
    except re2.error as error:
        raise MatcherError(f"{one.label}{one.how}{one.pattern!r} is no regular expression: {error}") from None
    return one


@lru_cache(maxsize=1024)
def _compiled(is_expression: bool, pattern: str) -> re2._Regexp:
    quiet = re2.Options()
    quiet.log_errors = False
    text = pattern if is_expression else ".*".join(re2.escape(part) for part in pattern.split("*"))
    return re2.compile(f"(?s:{text})", quiet)
