"""Lists that are too long for one answer: page after page by the cursor of contract 5.2. All of it or an error, never a
part: an alarm that reads half of the tasks looks healthy.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

from .queries import InputError
from .strictly import INTEGER, INTEGER_OR_NONE, LIST, OBJECT, TRUTH, Fields

P = ParamSpec("P")
T = TypeVar("T")

_PAGE = Fields(
    "a page of the list",
    {
        "items": LIST,
        "total_count": INTEGER,
        "has_more": TRUTH,
        "next_before_id": INTEGER_OR_NONE,
        "filters": OBJECT,
    },
)


class Source(Protocol):
    """Where pages come from."""

    async def document(self, path: str) -> Any:
        """The JSON at `path`.

        Raises:
            InputError: it could not be had.
        """


def at_address(path: str, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `read` makes of an answer; what it says of faults gets the address.

    Raises:
        InputError: as `read`.
    """
    try:
        return read(*args, **kwargs)
    except InputError as error:
        raise InputError(f"{error} ({path})") from None


class _MiscountedError(InputError):
    """The rows are not as many as were announced; it may be that some came or went meanwhile."""


class Walk(Generic[T]):
    """A list, read from the newest row to the oldest."""

    def __init__(
        self, source: Source, path: str, *, limit: int, days: int, read: Callable[[Any], T], number: Callable[[T], int]
    ) -> None:
        """What to read, and how.

        Args:
            source: asks the monitor.
            path: with a query to which ``&limit=`` can be added.
            limit: rows of a page.
            days: the window; the monitor has to say that its answer is about the same.
            read: makes a row of what the page holds.
            number: a row's identifier, by which the list is sorted.
        """
        self._source, self._path, self._limit, self._days = source, path, limit, days
        self._read, self._number = read, number

    async def rows(self, most: int, *, cut: bool = False) -> list[T]:
        """All rows, the newest first.

        Args:
            most: of more rows than these only the first are returned, if `cut` allows it.

        Raises:
            InputError: a page could not be had, is not as agreed, repeats or contradicts the others; or there are too
                many rows.
        """
        try:
            return await self._once(most, cut=cut)
        except _MiscountedError:
            # Rows enter and leave the window while it is read; twice in a row that does not look the same.
            return await self._once(most, cut=cut)

    async def _once(self, most: int, *, cut: bool) -> list[T]:
        found: list[T] = []
        totals: list[int] = []
        last: int | None = None
        has_more = True
        while has_more:
            rows, total, has_more = await self._page(last)
            last = self._lowest(rows, last)
            found += rows
            totals.append(total)
            if len(found) > most or (cut and len(found) == most):
                if cut:
                    return found[:most]
                raise InputError(f"the list {self._path} has more than {most:,} rows")
        self._check_count(len(found), totals)
        return found

    async def _page(self, last: int | None) -> tuple[list[T], int, bool]:
        cursor = "" if last is None else f"&before_id={last}"
        page = await self._source.document(f"{self._path}&limit={self._limit}{cursor}")
        items, total, has_more, following, filters = at_address(self._path, _PAGE.values, page)
        if filters.get("days", self._days) != self._days:
            raise InputError(
                f"the list {self._path} is about {str(filters['days'])[:20]} days, asked for: {self._days}"
            )
        if len(items) > self._limit or (has_more and len(items) < self._limit):
            raise InputError(f"a page of the list {self._path} holds {len(items)} rows, {self._limit} belong on it")
        if not items and last is not None:
            raise _MiscountedError(f"the list {self._path} ends earlier than its pages announce")
        rows = at_address(self._path, lambda: [self._read(item) for item in items])
        if has_more and following != self._number(rows[-1]):
            end = self._number(rows[-1])
            raise InputError(f"a page of the list {self._path} goes on at {following}, its last row is {end}")
        return rows, total, has_more

    def _lowest(self, rows: list[T], before: int | None) -> int | None:
        for row in rows:
            one = self._number(row)
            if before is not None and one >= before:
                raise InputError(f"the list {self._path} goes in a circle: {one} comes after {before}")
            before = one
        return before

    def _check_count(self, rows: int, totals: list[int]) -> None:
        """As many rows may be missing as the announced total moved from page to page."""
        moved = sum(abs(one - other) for one, other in pairwise(totals))
        if not min(totals) - moved <= rows <= max(totals) + moved:
            raise _MiscountedError(f"the list {self._path} announces {totals[-1]} rows and holds {rows}")
