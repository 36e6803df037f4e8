"""Copies everything from one database to another, and compares them row by row."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import NamedTuple

from sensu.store.moving.renumbering import Renumbering
from sensu.store.moving.tables import PAGE_ROWS, TABLES, Contents, CopyTarget, Row, Table

DIFFERENCES_SHOWN_MAX = 20

RowsDone = Callable[[Table, int], None]
"""Called with the number of rows of a table that are done."""


class Compared(NamedTuple):
    """How many rows two databases have, how many of them differ, and the first of these, one a line."""

    rows: int
    differing: int
    first: Sequence[str]


async def copy(source: Contents, target: CopyTarget, progress: RowsDone) -> None:
    """Add all rows of the source to the target; raises StoreError."""
    renumbering = Renumbering(source.numbering, target.numbering)
    for table in TABLES:
        done = 0
        progress(table, done)
        async for page in source.rows(table):
            await target.write(table, renumbering.page(table, page))
            done += len(page)
            progress(table, done)
    await target.finish(await source.numbers())


async def compare(source: Contents, target: Contents, progress: RowsDone) -> Compared:
    """Compare all rows; raises StoreError."""
    renumbering = Renumbering(source.numbering, target.numbering)
    total = differing = 0
    shown: list[str] = []
    for table in TABLES:
        done = 0
        async with (
            aclosing(_one_by_one(source, table, renumbering)) as expected_rows,
            aclosing(_one_by_one(target, table)) as found_rows,
            aclosing(_pairs(expected_rows, found_rows, len(table.key))) as pairs,
        ):
            async for expected, found in pairs:
                done += 1
                if expected != found:
                    differing += 1
                    if len(shown) < DIFFERENCES_SHOWN_MAX:
                        shown.append(_difference(table, expected, found))
                if done % PAGE_ROWS == 0:
                    progress(table, done)
        progress(table, done)
        total += done
    return Compared(total, differing, shown)


async def _pairs(
    expected_rows: AsyncGenerator[Row, None], found_rows: AsyncGenerator[Row, None], key: int
) -> AsyncGenerator[tuple[Row | None, Row | None], None]:
    """The rows of both with the same key; None where one has no such row."""
    expected, found = await anext(expected_rows, None), await anext(found_rows, None)
    while expected is not None or found is not None:
        if found is None or (expected is not None and expected[:key] < found[:key]):
            yield expected, None
            expected = await anext(expected_rows, None)
        elif expected is None or found[:key] < expected[:key]:
            yield None, found
            found = await anext(found_rows, None)
        else:
            yield expected, found
            expected, found = await anext(expected_rows, None), await anext(found_rows, None)


async def _one_by_one(
    contents: Contents, table: Table, renumbering: Renumbering | None = None
) -> AsyncGenerator[Row, None]:
    async with aclosing(contents.rows(table)) as pages:
        async for page in pages:
            for row in page if renumbering is None else renumbering.page(table, page):
                yield row


def _difference(table: Table, expected: Row | None, found: Row | None) -> str:
    row = expected or found or ()
    place = "/".join(str(part).removesuffix("/") for part in row[: len(table.key)])
    if found is None:
        return f"{table.name} {place}: is missing"
    if expected is None:
        return f"{table.name} {place}: is not in the source"
    columns = [name for name, one, other in zip(table.columns, expected, found, strict=True) if one != other]
    return f"{table.name} {place}: differs in {', '.join(columns)}"
