"""Mappings that differ little from each other and share the rest, so that hundreds of them need little memory. Pure."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

_SMALLEST = 64


class Layered(Mapping[K, V], Generic[K, V]):
    """Never changes. A common dictionary, and over it what is other here; None: not there."""

    __slots__ = ("_base", "_length", "_over")

    def __init__(self, base: dict[K, V], over: dict[K, V | None] | None = None, length: int | None = None) -> None:
        """Both are kept and must not be changed any more; values are not None.

        Args:
            base: what many have in common.
            over: what is other here.
            length: how many keys there are in all, where that is known.
        """
        self._base = base
        self._over = over or {}
        self._length = sum(1 for _ in self.pairs()) if length is None else length

    def changed(self, changes: Mapping[K, V | None]) -> Layered[K, V]:
        """A mapping with these changes; None: gone."""
        if not changes:
            return self
        over = {**self._over, **changes}
        if len(over) <= max(_SMALLEST, len(self._base) // 2):
            grown = sum((value is not None) - (key in self) for key, value in changes.items())
            return Layered(self._base, over, self._length + grown)
        whole: dict[K, V | None] = {**self._base, **over}
        base = {key: value for key, value in whole.items() if value is not None}
        return Layered(base, None, len(base))

    @property
    def weight(self) -> int:
        """How many entries it holds by itself."""
        return len(self._over) or len(self._base)

    def __getitem__(self, key: K) -> V:
        value = self._over[key] if key in self._over else self._base[key]
        if value is None:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        if key in self._over:
            return self._over[key] is not None
        return key in self._base

    def __iter__(self) -> Iterator[K]:
        return (key for key, _ in self.pairs())

    def __len__(self) -> int:
        return self._length

    def pairs(self) -> Iterator[tuple[K, V]]:
        """Keys and values, quickly."""
        over = self._over
        if not over:
            yield from self._base.items()
            return
        for key, value in self._base.items():
            if key not in over:
                yield key, value
        for key, other in over.items():
            if other is not None:
                yield key, other

    def items(self) -> ItemsView[K, V]:
        """As of every mapping."""
        return _Items(self) if self._over else self._base.items()

    def values(self) -> ValuesView[V]:
        """As of every mapping."""
        return _Values(self) if self._over else self._base.values()


class _Items(ItemsView[K, V]):
    def __init__(self, of: Layered[K, V]) -> None:
        super().__init__(of)
        self._of = of

    def __iter__(self) -> Iterator[tuple[K, V]]:
        return self._of.pairs()


class _Values(ValuesView[V]):
    def __init__(self, of: Layered[K, V]) -> None:
        super().__init__(of)
        self._of = of

    def __iter__(self) -> Iterator[V]:
        return (value for _, value in self._of.pairs())
