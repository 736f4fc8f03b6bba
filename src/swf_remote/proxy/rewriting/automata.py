"""Regular expressions in the strict sense, for long runs of text: a fixed step for every byte, whatever they say.

RE2 makes them automata, five times as fast as the standard library's backtracking ones. They know no groups, no looking
around and nothing possessive, and find the longest match. Their memory is bounded; beyond it they are slow, not wrong.
"""

from __future__ import annotations

import re2

# Many times of what pages and tables have been seen to need; for each expression.
_MOST_MEMORY = 16 << 20


def _options() -> re2.Options:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.longest_match = True
    options.never_capture = True
    options.log_errors = False
    options.max_mem = _MOST_MEMORY
    return options


class Automaton:
    """One expression, by the bytes that match it."""

    def __init__(self, expression: bytes) -> None:
        self._expression = re2.compile(expression, _options())

    def reach(self, text: bytes, start: int, end: int) -> int:
        """The end of the longest match from `start` on, not beyond `end`; `start` if there is none."""
        match = self._expression.match(text, start, end)
        return int(match.end()) if match else start

    def covers(self, text: bytes, start: int, end: int) -> bool:
        """Whether all of ``text[start:end]`` matches."""
        return self._expression.fullmatch(text, start, end) is not None


class SeveralAutomata:
    """Several expressions, looked for in the same pass."""

    def __init__(self, *expressions: bytes) -> None:
        self._expressions = re2.Set.FullMatchSet(_options())
        for expression in expressions:
            self._expressions.Add(expression)
        self._expressions.Compile()

    def covering(self, text: bytes | memoryview) -> tuple[int, ...]:
        """Which of the expressions, by their numbers, match all of `text`; none if memory does not suffice."""
        return tuple(sorted(self._expressions.Match(text) or ()))


def literally(text: bytes) -> bytes:
    """The expression of just this text."""
    return bytes(re2.escape(text))
