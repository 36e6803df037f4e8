"""Executes queries: parses them, validates them against the schema and the limits, and runs them for the caller."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    execute,
    parse,
    validate,
)

from sensu.backend.auth.identity import Identity
from sensu.backend.graphql.bounds import (
    QUERIES_MAX,
    QUERY_CHARACTERS_MAX,
    TOKENS_MAX,
    TOO_MUCH_WORK,
    QuerySize,
    RemainingCost,
    TooLarge,
    size_of,
)
from sensu.backend.graphql.reader import QueryReader
from sensu.backend.graphql.schema import attribute, made, type_of
from sensu.backend.graphql.use_cases import UseCases
from sensu.errors import StoreError
from sensu.log import fields
from sensu.resources.wire import explain

logger = logging.getLogger(__name__)

DOCUMENTS_REMEMBERED_MAX = 16
"""The number of parsed queries that are cached; the least recently used ones are dropped."""
VALIDATION_ERRORS_MAX = 20
QueryResult = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Query:
    """A query that can be executed."""

    document: DocumentNode
    size: QuerySize


class GraphQL:
    """Executes queries against the use cases."""

    def __init__(self, use_cases: UseCases) -> None:
        self._use_cases = use_cases
        self._schema = made()
        self._read = lru_cache(DOCUMENTS_REMEMBERED_MAX)(self._judged)

    async def answer(self, caller: Identity, body: bytes) -> QueryResult | list[QueryResult] | str:
        """The response to a request, a list if the body is one; a string says why the body is not a request."""
        try:
            asked = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as err:
            return explain(err)
        if not isinstance(asked, dict | list):
            return "received unexpected request body"
        queries = [one for one in (asked if isinstance(asked, list) else [asked]) if isinstance(one, dict)]
        if len(queries) > QUERIES_MAX:
            return f"a request can have at most {QUERIES_MAX} queries"
        work = RemainingCost()
        answers = [await self._answer(caller, work, one) for one in queries]
        return answers if isinstance(asked, list) else answers[0]

    async def _answer(self, caller: Identity, work: RemainingCost, asked: Mapping[str, Any]) -> QueryResult:
        text, variables, name = asked.get("query"), asked.get("variables"), asked.get("operationName")
        query = self._read(text if isinstance(text, str) else "")
        if isinstance(query, list):
            return _answered(caller, None, query)
        try:
            work.starts(query.size)
        except TooLarge as err:
            return _answered(caller, None, [err])
        reader = QueryReader(self._use_cases, caller, work)
        result = execute(
            self._schema,
            query.document,
            context_value=reader,
            variable_values=variables if isinstance(variables, dict) else None,
            operation_name=name if isinstance(name, str) and name else None,
            field_resolver=attribute,
            type_resolver=type_of,
        )
        found = result if isinstance(result, ExecutionResult) else await result
        await asyncio.sleep(0)
        if work.is_exhausted:
            return _answered(caller, None, [TooLarge(TOO_MUCH_WORK)])
        return _answered(caller, found.data, [_told(error) for error in found.errors or ()])

    def _judged(self, text: str) -> Query | list[GraphQLError]:
        """A validated query, or its errors."""
        if len(text) > QUERY_CHARACTERS_MAX:
            return [TooLarge(f"a query can have at most {QUERY_CHARACTERS_MAX} characters")]
        if not text.strip():
            return [GraphQLError("Must provide an operation.")]
        try:
            document = parse(text, max_tokens=TOKENS_MAX)
            size = size_of(document)
            problems = validate(self._schema, document, max_errors=VALIDATION_ERRORS_MAX)
        except RecursionError:
            return [TooLarge("the values of the query are nested too deeply")]
        except GraphQLError as err:
            return [err]
        if not problems and not any(isinstance(one, OperationDefinitionNode) for one in document.definitions):
            problems = [GraphQLError("Must provide an operation.")]
        return problems or Query(document, size)


def _told(error: GraphQLError) -> GraphQLError:
    """The error as clients may see it; raises StoreError if that was its cause."""
    cause = error.original_error
    if isinstance(cause, StoreError):
        raise cause
    if cause is None or isinstance(cause, GraphQLError):
        return error
    logger.error("a field of a query failed", exc_info=cause, extra=fields(path=str(error.path), error=str(cause)))
    return GraphQLError("internal error occurred", nodes=error.nodes, path=error.path)


def _answered(caller: Identity, data: Any, errors: Sequence[GraphQLError]) -> QueryResult:
    told = [{"message": one.message, "locations": [], **one.formatted} for one in errors]
    return {"data": data, "errors": told or None, "auth": bool(caller.username)}
