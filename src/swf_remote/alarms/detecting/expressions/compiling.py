"""Texts to functions. Errors name the part of the text that is not allowed, and what is."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from . import operations as op
from .operations import Evaluate
from .vocabulary import VOCABULARIES, Kind, Name, Vocabulary

MOST_CHARACTERS = 1000
MOST_PARTS = 200
MOST_DEPTH = 25
MOST_NUMBER = 1e15
FUNCTIONS = {
    "like": "like(text, 'pattern%')",
    "hours_since": "hours_since(time)",
    "default": "default(field, value)",
    "lower": "lower(text)",
    "abs": "abs(number)",
    "min": "min(number, number, …)",
    "max": "max(number, number, …)",
}
"""What may be called, and how."""


class ExpressionError(ValueError):
    """A text that is no expression of the language."""


@dataclass(frozen=True, slots=True)
class Expression:
    """What a text was read as."""

    holds: Evaluate
    """Whether it holds for a thing at a moment; raises ``operations.CannotTell`` where fields of an answer are not
    there or not of the kind that is needed."""
    uses: tuple[tuple[str, Evaluate], ...]
    """The fields that it looks at, in the order of the text, and how they are had."""


@dataclass(frozen=True, slots=True)
class _Part:
    kind: Kind
    run: Evaluate
    get: Callable[[Any], Any] | None = None
    """Of a plain field."""
    constant: Any = None
    is_constant: bool = False


@lru_cache(maxsize=1024)
def compiled(text: str, of: str) -> Expression:
    """The function of a text about ``tasks``, ``sites``, ``users`` or a ``rest`` answer.

    Raises:
        ExpressionError: it is too long or too deep, is not understood, uses names that there are not, or compares what
            cannot be compared.
    """
    if len(text) > MOST_CHARACTERS:
        raise ExpressionError(f"is {len(text)} characters long; allowed: {MOST_CHARACTERS}")
    if not text.strip():
        raise ExpressionError("is empty")
    if "\\" in text:
        raise ExpressionError("holds a backslash; allowed: none")
    if "#" in text:
        raise ExpressionError("holds a #; there are no comments")
    return _Reader(VOCABULARIES[of], " ".join(text.splitlines()).strip()).expression()


@dataclass(slots=True)
class _Reader:
    vocabulary: Vocabulary
    text: str
    uses: dict[str, Evaluate] = field(default_factory=dict)
    parts: int = 0

    def expression(self) -> Expression:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(self.text, mode="eval")
        except SyntaxError as error:
            raise ExpressionError(f"is not understood at character {error.offset or 0}: {error.msg}") from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise ExpressionError(f"is not understood: {type(error).__name__}") from None
        whole = self.read(tree.body, 0)
        if whole.kind not in (Kind.TRUTH, Kind.ANY):
            raise ExpressionError(f"is {whole.kind}; allowed: a condition, such as {self.text} > 0")
        return Expression(whole.run if whole.kind is Kind.TRUTH else op.truth(whole.run), tuple(self.uses.items()))

    def refused(self, node: ast.expr, why: str) -> ExpressionError:
        part = ast.get_source_segment(self.text, node) or type(node).__name__
        return ExpressionError(f"{part if len(part) <= 60 else part[:59] + '…'}: {why}")

    def read(self, node: ast.expr, depth: int) -> _Part:
        self.parts += 1
        if depth > MOST_DEPTH or self.parts > MOST_PARTS:
            raise ExpressionError(f"has too many parts; allowed: {MOST_PARTS}, {MOST_DEPTH} within each other")
        reader = READERS.get(type(node))
        if reader is None:
            raise self.refused(
                node, "not part of the language; there are and, or, not, comparisons, in, + - * / and functions"
            )
        return reader(self, node, depth + 1)

    def wanted(self, node: ast.expr, depth: int, kind: Kind) -> _Part:
        """A part that has to be of this kind."""
        part = self.read(node, depth)
        if part.kind is kind:
            return part
        if part.kind is Kind.ANY:
            return _Part(kind, op.checked(part.run, kind, ast.unparse(node)))
        raise self.refused(node, f"is {part.kind}; needed: {kind}")

    def constant(self, node: ast.Constant, _: int) -> _Part:
        value = node.value
        if isinstance(value, str):
            return _Part(Kind.TEXT, op.always(value), constant=value, is_constant=True)
        if isinstance(value, bool):
            return _Part(Kind.TRUTH, op.always(value), constant=value, is_constant=True)
        if isinstance(value, (int, float)) and abs(value) <= MOST_NUMBER:
            return _Part(Kind.NUMBER, op.always(value), constant=value, is_constant=True)
        if value is None:
            return _Part(Kind.NOTHING, op.always(None), is_constant=True)
        raise self.refused(node, f"not allowed; allowed: texts, numbers up to {MOST_NUMBER:g}, True, False, None")

    def name(self, node: ast.Name, _: int) -> _Part:
        known = self.vocabulary.names.get(node.id)
        if known is not None:
            return self.field(node.id, known)
        if self.vocabulary.open:
            return self.path(node, _)
        raise self.refused(
            node, f"no such field of {self.vocabulary.of}; there are {', '.join(sorted(self.vocabulary.names))}"
        )

    def field(self, name: str, known: Name) -> _Part:
        run = op.of_thing(known.get)
        self.uses.setdefault(name, run)
        return _Part(known.kind, run, known.get)

    def path(self, node: ast.expr, _: int) -> _Part:
        """Fields within fields of an answer: ``jobs.by_status["failed"]``; never attributes of an object."""
        steps: list[str | int] = []
        inner: ast.expr = node
        while not isinstance(inner, ast.Name):
            if len(steps) >= MOST_DEPTH:
                raise ExpressionError(f"has too many fields within each other; allowed: {MOST_DEPTH}")
            if isinstance(inner, ast.Attribute) and self.vocabulary.open:
                steps.append(inner.attr)
            elif isinstance(inner, ast.Subscript) and self.vocabulary.open:
                steps.append(self.key(inner.slice))
            else:
                raise self.refused(
                    inner, f"not allowed; there are plain fields only: {', '.join(sorted(self.vocabulary.names))}"
                )
            inner = inner.value
        steps.append(inner.id)
        words = ast.unparse(node)
        run = op.path(tuple(reversed(steps)), words)
        self.uses.setdefault(words, run)
        return _Part(Kind.ANY, run)

    def key(self, node: ast.expr) -> str | int:
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, (str, int)) and not isinstance(value, bool) and (isinstance(value, str) or value < 10**6):
            return value
        raise self.refused(node, "not allowed here; allowed: a text or a whole number")

    def both(self, node: ast.BoolOp, depth: int) -> _Part:
        runs = tuple(self.wanted(one, depth, Kind.TRUTH).run for one in node.values)
        return _Part(Kind.TRUTH, op.every(runs) if isinstance(node.op, ast.And) else op.some(runs))

    def sign(self, node: ast.UnaryOp, depth: int) -> _Part:
        if isinstance(node.op, ast.Not):
            return _Part(Kind.TRUTH, op.negated(self.wanted(node.operand, depth, Kind.TRUTH).run))
        if isinstance(node.op, ast.USub):
            part = self.wanted(node.operand, depth, Kind.NUMBER)
            if part.is_constant:
                return _Part(Kind.NUMBER, op.always(-part.constant), constant=-part.constant, is_constant=True)
            return _Part(Kind.NUMBER, op.arithmetic(op.always(0), part.run, op.SUBTRACT))
        raise self.refused(node, "not allowed; allowed: not, -")

    def arithmetic(self, node: ast.BinOp, depth: int) -> _Part:
        operation = op.ARITHMETIC.get(type(node.op))
        if operation is None:
            raise self.refused(node, "not allowed; allowed: + - * /")
        left, right = (self.wanted(one, depth, Kind.NUMBER).run for one in (node.left, node.right))
        return _Part(Kind.NUMBER, op.arithmetic(left, right, operation))

    def comparison(self, node: ast.Compare, depth: int) -> _Part:
        sides = [node.left, *node.comparators]
        runs = [
            self.compare(node, sides[place : place + 2], operator, depth) for place, operator in enumerate(node.ops)
        ]
        return _Part(Kind.TRUTH, runs[0] if len(runs) == 1 else op.every(tuple(runs)))

    def compare(self, node: ast.Compare, sides: Sequence[ast.expr], operator: ast.cmpop, depth: int) -> Evaluate:
        if isinstance(operator, (ast.In, ast.NotIn)):
            found = self.within(sides[0], sides[1], depth)
            return found if isinstance(operator, ast.In) else op.negated(found)
        left, right = (self.read(one, depth) for one in sides)
        if isinstance(operator, (ast.Is, ast.IsNot)) and Kind.NOTHING not in (left.kind, right.kind):
            raise self.refused(node, "is compares with None alone; use == or !=")
        known = {left.kind, right.kind} - {Kind.ANY}
        if equality := op.EQUALITY.get(type(operator)):
            if len(known - {Kind.NOTHING}) > 1:
                raise self.refused(node, f"compares {left.kind} with {right.kind}")
            return op.equal(left.run, right.run, equality)
        order = op.ORDER.get(type(operator))
        if order is None or len(known) > 1 or known & {Kind.NOTHING, Kind.TRUTH, Kind.TIME}:
            raise self.refused(node, f"compares {left.kind} with {right.kind}; of times use hours_since(time)")
        if left.get is not None and right.is_constant:
            return op.field_against(left.get, right.constant, order)
        return op.ordered(left.run, right.run, order, ast.unparse(node))

    def within(self, what: ast.expr, where: ast.expr, depth: int) -> Evaluate:
        if isinstance(where, (ast.Tuple, ast.List, ast.Set)):
            parts = [self.read(one, depth) for one in where.elts]
            if not all(part.is_constant for part in parts):
                raise self.refused(where, "not allowed; allowed after in: a list of texts or numbers, or text")
            kinds = {part.kind for part in parts}
            left = self.read(what, depth)
            if left.kind is not Kind.ANY and kinds - {left.kind}:
                raise self.refused(what, f"is {left.kind}; the list holds {', '.join(sorted(kinds - {left.kind}))}")
            return op.one_of(left.run, frozenset(part.constant for part in parts))
        needle, hay = self.wanted(what, depth, Kind.TEXT), self.wanted(where, depth, Kind.TEXT)
        return op.contains(needle.run, hay.run)

    def call(self, node: ast.Call, depth: int) -> _Part:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in FUNCTIONS:
            raise self.refused(node, f"no such function; there are {', '.join(FUNCTIONS.values())}")
        many = len(node.args) >= 2 if name in ("min", "max") else len(node.args) == (2 if "," in FUNCTIONS[name] else 1)
        if node.keywords or not many:
            raise self.refused(node, f"is called so: {FUNCTIONS[name]}")
        return CALLS[name](self, node, depth)

    def call_like(self, node: ast.Call, depth: int) -> _Part:
        text, pattern = self.wanted(node.args[0], depth, Kind.TEXT), self.wanted(node.args[1], depth, Kind.TEXT)
        if not pattern.is_constant:
            raise self.refused(node.args[1], "not allowed; allowed: a text")
        return _Part(Kind.TRUTH, op.like(text.run, pattern.constant))

    def call_hours_since(self, node: ast.Call, depth: int) -> _Part:
        return _Part(Kind.NUMBER, op.hours_since(self.wanted(node.args[0], depth, Kind.TIME).run))

    def call_default(self, node: ast.Call, depth: int) -> _Part:
        part, other = self.read(node.args[0], depth), self.read(node.args[1], depth)
        if not other.is_constant or (part.kind is not Kind.ANY and part.kind is not other.kind):
            raise self.refused(
                node, f"the second has to be a text or number of the kind of the first, which is {part.kind}"
            )
        run = op.default(part.run, other.constant)
        return _Part(other.kind, op.checked(run, other.kind, ast.unparse(node)))

    def call_lower(self, node: ast.Call, depth: int) -> _Part:
        return _Part(Kind.TEXT, op.lower(self.wanted(node.args[0], depth, Kind.TEXT).run))

    def call_abs(self, node: ast.Call, depth: int) -> _Part:
        return _Part(Kind.NUMBER, op.absolute(self.wanted(node.args[0], depth, Kind.NUMBER).run))

    def call_extreme(self, node: ast.Call, depth: int) -> _Part:
        runs = tuple(self.wanted(one, depth, Kind.NUMBER).run for one in node.args)
        least = isinstance(node.func, ast.Name) and node.func.id == "min"
        return _Part(Kind.NUMBER, op.extreme(runs, min if least else max))


READERS: dict[type[ast.expr], Callable[[_Reader, Any, int], _Part]] = {
    ast.Constant: _Reader.constant,
    ast.Name: _Reader.name,
    ast.Attribute: _Reader.path,
    ast.Subscript: _Reader.path,
    ast.BoolOp: _Reader.both,
    ast.UnaryOp: _Reader.sign,
    ast.BinOp: _Reader.arithmetic,
    ast.Compare: _Reader.comparison,
    ast.Call: _Reader.call,
}
"""Kinds of nodes that are part of the language; there are no others."""

CALLS: dict[str, Callable[[_Reader, ast.Call, int], _Part]] = {
    "like": _Reader.call_like,
    "hours_since": _Reader.call_hours_since,
    "default": _Reader.call_default,
    "lower": _Reader.call_lower,
    "abs": _Reader.call_abs,
    "min": _Reader.call_extreme,
    "max": _Reader.call_extreme,
}
