"""The records that flow: problem, completion, verdict, and their MultiPL-E forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from multiplt.errors import Refused
from multiplt.functions import Case, Function, Parameter
from multiplt.literals import read_value, to_text
from multiplt.types import BOOL, Type, parse_type
from multiplt.values import elaborate, plain


class Status(StrEnum):
    """What a verdict says; the names are MultiPL-E's where it has one."""

    OK = "OK"
    WRONG = "AssertionError"
    STATIC_TYPE = "TypeError"
    SYNTAX = "SyntaxError"
    EXCEPTION = "Exception"
    TIMEOUT = "Timeout"
    OUT_OF_MEMORY = "OutOfMemory"
    TAMPERED = "Tampered"

    @property
    def multipl_e(self) -> str:
        """The status in MultiPL-E's files: OK, Timeout, SyntaxError, else Exception."""
        if self in (Status.OK, Status.TIMEOUT, Status.SYNTAX):
            return str(self)
        return str(Status.SYNTAX if self is Status.STATIC_TYPE else Status.EXCEPTION)


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CaseText(_Record):
    """A case in a row: arguments and expected value as Python text."""

    arguments: tuple[str, ...]
    expected: str
    check: Literal["equal", "truth"] = "equal"
    tolerance: float | None = None


class ParameterText(_Record):
    """A parameter in a row: its name as the language spells it, its type as a Python annotation."""

    name: str
    type: str


class Strict(_Record):
    """The field `multiplt` of a problem: what lets the core judge returned values.

    `bare_prompt` is the prompt without the Python solution where the problem's shows it: training text
    begins with it. `chat_prompt` is the prompt for a chat model, where one was asked for.
    """

    version: Literal[1] = 1
    entrypoint: str
    parameters: tuple[ParameterText, ...]
    returns: str
    cases: tuple[CaseText, ...]
    renamed: Mapping[str, str] = {}
    bare_prompt: str = ""
    chat_prompt: str = ""

    @classmethod
    def of(cls, function: Function, cases: Sequence[Case], **prompts: Any) -> Strict:
        """The field for a function, the cases of it that a language kept, and further prompts."""
        return cls(
            entrypoint=function.name,
            parameters=tuple(ParameterText(name=p.name, type=str(p.type)) for p in function.parameters),
            returns=str(function.returns),
            cases=tuple(
                CaseText(
                    arguments=tuple(to_text(plain(argument)) for argument in case.arguments),
                    expected=to_text(plain(case.expected)),
                    check=case.check,
                    tolerance=case.tolerance,
                )
                for case in cases
            ),
            renamed=function.renamed,
            **prompts,
        )

    def typed_parameters(self) -> tuple[Parameter, ...]:
        """The parameters with their types read."""
        return tuple(Parameter(p.name, _type(p.type)) for p in self.parameters)

    def typed_returns(self) -> Type:
        """The declared type of the result."""
        return _type(self.returns)

    def typed_cases(self) -> tuple[Case, ...]:
        """The cases with their values elaborated against the declared types."""
        return typed_cases(self.cases, self.typed_parameters(), self.typed_returns())


# A problem comes many times, with a completion each.


@lru_cache(maxsize=1024)
def _type(text: str) -> Type:
    return parse_type(text)


@lru_cache(maxsize=256)
def typed_cases(cases: tuple[CaseText, ...], parameters: tuple[Parameter, ...], returns: Type) -> tuple[Case, ...]:
    """Cases with their values elaborated against the types."""
    return tuple(
        Case(
            tuple(elaborate(read_value(text), p.type) for text, p in zip(case.arguments, parameters, strict=True)),
            elaborate(read_value(case.expected), BOOL if case.check == "truth" else returns, expected=True),
            case.check,
            case.tolerance,
        )
        for case in cases
    )


class Problem(BaseModel):
    """A MultiPL-E problem; with the field `multiplt` it is judged strictly, without it as text.

    `language` is MultiPL-E's tag. Further fields of a row are kept as they are.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    name: str
    language: str
    prompt: str
    tests: str
    stop_tokens: tuple[str, ...] = ()
    doctests: str = "transform"
    prompt_terminology: str = "reworded"
    original: str = ""
    multiplt: Strict | None = None

    @property
    def mode(self) -> Literal["strict", "compat"]:
        """How completions of this problem are judged."""
        return "strict" if self.multiplt else "compat"

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Problem:
        """Read a row; raises `Refused` naming what is missing or malformed."""
        try:
            problem = cls.model_validate({key: value for key, value in row.items() if value is not None})
            if problem.multiplt and not problem.multiplt.typed_cases():
                raise Refused("it has no cases")
        except ValidationError as error:
            first = error.errors()[0]
            raise Refused(f"not a problem: {'.'.join(map(str, first['loc']))}: {first['msg'].lower()}") from None
        except (Refused, ValueError) as error:
            raise Refused(f"not a problem: multiplt: {error}") from None
        return problem

    def to_row(self) -> dict[str, Any]:
        """The row, without `multiplt` where there is none."""
        return self.model_dump(mode="json", exclude_none=True)


@dataclass(frozen=True)
class Completion:
    """What of a model's answer is code: a continuation of the prompt, or with `whole` a program of its own."""

    code: str
    whole: bool = False


@dataclass(frozen=True)
class Failure:
    """The first failing case: its position, the call's arguments, what was expected and what came."""

    case: int
    arguments: str
    expected: str
    actual: str


@dataclass(frozen=True)
class Verdict:
    """What execution says of a completion.

    Tests passed of tests run count cases in strict mode and the whole suite as one in compat mode;
    times are seconds; `stdout` and `stderr` are head and tail.
    """

    status: Status
    mode: Literal["strict", "compat"]
    passed: int
    total: int
    exit_code: int
    stdout: str = ""
    stderr: str = ""
    message: str = ""
    failure: Failure | None = None
    wall_s: float = 0.0
    cpu_s: float = 0.0
    retried: bool = False
    toolchain: str = ""
