"""The sandbox for users' JavaScript: filter and entity expressions, and mutators.

The engine is QuickJS, reduced to the library of ES5 and Sensu's functions. A sandbox belongs to the thread that uses it
first. An evaluation that exceeds its time or memory is ended, and no evaluation can affect the next one.
"""

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import quickjs

from sensu.execution.es5_syntax import newer_syntax, unexpected
from sensu.execution.go_regexp import for_engine, literal_problem, pattern_problem, without_patterns
from sensu.execution.go_regexp_translator import TRANSLATOR
from sensu.execution.javascript_prelude import PRELUDE
from sensu.rules.filters import ExpressionError
from sensu.rules.mutator_event import mutator_event
from sensu.rules.other_events import Wanted, wanted

TIME_LIMIT_S = 1.0
TIME_LIMIT_REACHED = "the time limit was reached"
"""Part of the error of an evaluation that took too long."""
MEMORY_BYTES_MAX = 64 * 1024 * 1024
TEMPLATE_MEMORY_BYTES_MAX = 256 * 1024 * 1024
"""The limit for scripts of rule templates, which get all events of a service component."""
COMPILED_MAX = 1_000
SOURCE_CHARACTERS_MAX = 1_000_000

Compiled = Callable[[str, float, str], bool | str]

_COMMENTS = re.compile(r"(?:\s|//[^\n\r\u2028\u2029]*|/\*.*?\*/)*", re.DOTALL)
_ALTERS = re.compile(
    r"(?<![=!<>])=(?!=)|<<=|>>=|\+\+|--|\b(?:var|function|delete|this|eval|Function|constructor)\b|[;{]"
)
_PLACE = re.compile(r"<input>:(\d+):(\d+)")
_PARSE_ONLY = "throw 0;"
_GRAMMAR_COMPLAINT = re.compile(r"unexpected token in expression|expecting|(?:variable|function) name expected")
_SAID_OTHERWISE = {
    "unexpected end of string": "Unexpected token ILLEGAL",
    "return not in a function": "Illegal return statement",
}
_ENGINE_FAULTS = ("InternalError", "null")


@dataclass(frozen=True, slots=True)
class MutatorOutput:
    """The result of a JavaScript mutator: the string it returned, or None, and the changed event."""

    text: str | None
    event: dict[str, Any]


def check_syntax(expression: str) -> str | None:
    """The syntax error of an expression, or None. Empty expressions and comments are valid.

    Valid syntax is ES5 with Go's regular expressions.
    """
    if "\0" in expression:
        return "(anonymous): Unexpected token ILLEGAL"
    newer = newer_syntax(expression)
    if newer:
        return newer
    problem = literal_problem(expression)
    if problem:
        return problem
    try:
        quickjs.Context().eval(_PARSE_ONLY + without_patterns(expression))
    except quickjs.StackOverflow:
        return "(anonymous): nested too deeply"
    except (quickjs.JSException, ValueError) as error:
        message = _syntax_message(expression, str(error))
        if message is not None:
            return message
    return pattern_problem(expression)


def _syntax_message(expression: str, engine_text: str) -> str | None:
    if not engine_text.startswith("SyntaxError"):
        return None
    message = engine_text.partition("\n")[0].removeprefix("SyntaxError: ")
    message = _SAID_OTHERWISE.get(message, message)
    if message.endswith(": ''"):
        message = "Unexpected end of input"
    place = _PLACE.search(engine_text)
    if place is None:
        return f"(anonymous): {message}"
    line, column = int(place[1]), int(place[2])
    if line == 1:
        column = max(1, column - len(_PARSE_ONLY))
    if _GRAMMAR_COMPLAINT.match(message):
        message = unexpected(expression, line, column) or message
    return f"(anonymous): Line {line}:{column} {message}"


class _Realm:
    """An engine, prepared for one mode."""

    def __init__(self, mode: str, time_limit_s: float, memory_bytes_max: int) -> None:
        self._context = quickjs.Context()
        self.part = cast(Callable[[str], Callable[..., Any]], self._context.eval(PRELUDE)(mode, TRANSLATOR))
        self._context.set_memory_limit(memory_bytes_max)
        self.limit_time(time_limit_s)

    def limit_time(self, time_limit_s: float) -> None:
        """Set the limit on processor time for later evaluations."""
        self._context.set_time_limit(time_limit_s)

    def load(self, sources: Sequence[str]) -> str | None:
        """Evaluate the scripts of assets; returns the first error, or None."""
        for source in sources:
            complaint = self.part("load")(for_engine(source))
            if complaint:
                return str(complaint)[1:]
        return None


class Sandbox:
    """Evaluates expressions and mutators; compiled expressions are cached, and the least recently used are dropped."""

    def __init__(
        self,
        *,
        time_limit_s: float = TIME_LIMIT_S,
        memory_bytes_max: int = MEMORY_BYTES_MAX,
        compiled_max: int = COMPILED_MAX,
    ) -> None:
        self._time_limit_s = time_limit_s
        self._memory_bytes_max = memory_bytes_max
        self._compiled_max = compiled_max
        self._realms: dict[str, _Realm] = {}
        self._compiled: OrderedDict[tuple[str, str], tuple[str, Compiled | ExpressionError]] = OrderedDict()

    def evaluate(
        self,
        expression: str,
        scope_json: str,
        *,
        now: float,
        variable: str = "event",
        sources: Sequence[str] = (),
        others: str = "",
        time_limit_s: float | None = None,
    ) -> bool | ExpressionError:
        """Whether the expression is true (in JavaScript's sense) with the scope under the name `variable`.

        `sources` are scripts of assets, which are evaluated first, in a separate engine. `now` (Unix seconds) is the
        time for `seconds_since`. `others` are the known other events: JSON with the name of the `entity` and the
        events that were `found`; if more are needed, the answer is a Wanted.
        Source: docs, event filter reference, expressions; recorded filter cases.
        """
        limit_s = time_limit_s or self._time_limit_s
        if sources:
            return self._evaluate_with_assets(expression, (scope_json, now, others), variable, sources, limit_s)
        kept = self._compiled.get((variable, expression))
        if kept is None:
            kept = self._keep(expression, variable)
        else:
            self._compiled.move_to_end((variable, expression))
        mode, compiled = kept
        if isinstance(compiled, ExpressionError):
            return compiled
        self._realm(mode).limit_time(limit_s)
        answer = _answer(lambda: compiled(scope_json, now, others))
        if isinstance(answer, bool):
            return answer
        return _wanted(answer) or self._failed(mode, answer)

    def _failed(self, mode: str, answer: str) -> ExpressionError:
        """The error in an answer; an engine that exceeded a limit or was altered is not used again."""
        if answer[0] == "S" or answer[1:].startswith(_ENGINE_FAULTS):
            self._realms.pop(mode, None)
            for key in [key for key, (kept_mode, _) in self._compiled.items() if kept_mode == mode]:
                del self._compiled[key]
        return ExpressionError(answer[1:])

    def _keep(self, expression: str, variable: str) -> tuple[str, Compiled | ExpressionError]:
        kept = self._compile(expression, variable)
        self._compiled[variable, expression] = kept
        while len(self._compiled) > self._compiled_max:
            self._compiled.popitem(last=False)
        return kept

    def _compile(self, expression: str, variable: str) -> tuple[str, Compiled | ExpressionError]:
        complaint = "too long" if len(expression) > SOURCE_CHARACTERS_MAX else check_syntax(expression)
        if complaint:
            return "", ExpressionError(complaint)
        expression = for_engine(expression)
        mode = "restored" if _ALTERS.search(expression) else "fixed"
        compiled = self._part(mode, expression, variable)
        if compiled is None:
            mode = "restored"
            compiled = self._part(mode, expression, variable)
        return mode, compiled if compiled is not None else ExpressionError("the expression cannot be compiled")

    def _realm(self, mode: str) -> _Realm:
        if mode not in self._realms:
            self._realms[mode] = _Realm(mode, self._time_limit_s, self._memory_bytes_max)
        return self._realms[mode]

    def _part(self, mode: str, expression: str, variable: str) -> Compiled | None:
        realm = self._realm(mode)
        if mode == "fixed" and _COMMENTS.fullmatch(expression):
            return None
        compile_one = realm.part("expression" if mode == "fixed" else "script")
        return cast(Compiled | None, compile_one(expression, variable))

    def _evaluate_with_assets(
        self,
        expression: str,
        given: tuple[str, float, str],
        variable: str,
        sources: Sequence[str],
        time_limit_s: float,
    ) -> bool | ExpressionError:
        complaint = check_syntax(expression)
        if complaint:
            return ExpressionError(complaint)
        realm = _Realm("single", time_limit_s, self._memory_bytes_max)
        source = for_engine(expression)
        answer = _answer(lambda: _error_text(realm.load(sources)) or realm.part("script")(source, variable)(*given))
        return answer if isinstance(answer, bool) else _wanted(answer) or ExpressionError(answer[1:])

    def mutate(
        self,
        body: str,
        event: Mapping[str, Any],
        *,
        now: float,
        env_vars: Mapping[str, str] | None = None,
        sources: Sequence[str] = (),
        time_limit_s: float | None = None,
    ) -> MutatorOutput | ExpressionError:
        """The result of a mutator's `eval` for an event (in the form of the API).

        The body runs as a function; `event` has the names of the JSON, the fields of metadata both directly and in
        `.metadata`, and the names of Go's fields; `JSON.stringify(event)` gives the form of the API. `env_vars` are
        globals. Source: docs, mutator reference; recorded mutator-js scenarios.
        """
        limit_s = time_limit_s or self._time_limit_s
        filled, id_bytes = mutator_event(event)
        texts = json.dumps(filled), json.dumps(event), json.dumps(id_bytes), json.dumps(dict(env_vars or {}))
        mode = "single-mutator" if sources else "mutator"
        source = for_engine(body)
        realm = self._realm(mode)
        realm.limit_time(limit_s)
        answer = _answer(lambda: _error_text(realm.load(sources)) or realm.part("mutator")(source, *texts, now))
        if sources:
            del self._realms[mode]
        if isinstance(answer, bool) or answer[0] != "[":
            return self._failed(mode, str(answer))
        text, mutated = json.loads(answer)
        if not isinstance(mutated, dict):
            return ExpressionError("the mutator left no event")
        return MutatorOutput(None if text is None else _whole_characters(text), mutated)

    def judge(
        self, body: str, events: str, event: str, arguments: str, *, now: float, time_limit_s: float | None = None
    ) -> dict[str, Any] | ExpressionError:
        """The event that the script of a rule template returns.

        The body runs as a function of `events`, `event`, `args` and `sensu`; the first three are given as JSON. A
        script that returns nothing has changed `event`. Source: docs, "Rule templates reference", "Business service
        monitoring SDK".
        """
        realm = self._realms.get("template")
        if realm is None:
            realm = self._realms["template"] = _Realm("mutator", self._time_limit_s, TEMPLATE_MEMORY_BYTES_MAX)
        realm.limit_time(time_limit_s or self._time_limit_s)
        source = for_engine(body)
        answer = _answer(lambda: realm.part("template")(source, events, event, arguments, now))
        if isinstance(answer, bool) or answer[0] != "[":
            return self._failed("template", str(answer))
        made: dict[str, Any] = json.loads(answer)[0]
        return made


def _wanted(answer: str) -> Wanted | None:
    """The other events that an evaluation needs, or None if the answer is not a request for events."""
    return wanted(tuple(map(str, json.loads(answer)))) if answer.startswith("[") else None


def _error_text(complaint: str | None) -> str:
    return f"E{complaint}" if complaint else ""


def _answer(run: Callable[[], Any]) -> bool | str:
    """The answer of an evaluation; errors of the engine become strings that start with E."""
    try:
        return cast(bool | str, run())
    except (quickjs.JSException, quickjs.StackOverflow, ValueError) as error:
        message = str(error).partition("\n")[0]
        if "interrupted" in message:
            return f"EInternalError: {TIME_LIMIT_REACHED}"
        return f"E{message or 'InternalError'}"


def _whole_characters(text: str) -> str:
    """The string without lone surrogates, which cannot be encoded."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
