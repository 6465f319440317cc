"""What a Python function is here: its name, types, docstring, source, and its tests as cases."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Literal

from multiplt.asserts import MISSING, Call, Pending, Signature, read_test
from multiplt.errors import Refused
from multiplt.literals import read_value
from multiplt.types import ANY, BOOL, FLOAT, INT, NONE, Type, infer_type, join, parse_type, refine, union
from multiplt.values import Value, elaborate, plain


@dataclass(frozen=True)
class Parameter:
    """A parameter: its name as the target language spells it, and its type."""

    name: str
    type: Type


@dataclass(frozen=True)
class Case:
    """A test, read: these arguments give this result.

    `check` is `equal`, or `truth` where the test asks only whether the result counts as true; then
    `expected` is a bool. `tolerance` is the test's own absolute tolerance. `test` is the Python text.
    """

    arguments: tuple[Value, ...]
    expected: Value
    check: Literal["equal", "truth"] = "equal"
    tolerance: float | None = None
    test: str = ""


@dataclass(frozen=True)
class Function:
    """A tested, typed Python function, on its way into another language.

    `name` and the parameters' names are as the target language spells them, `python_name` is the
    original, `renamed` maps the Python names that had to change to their new spelling. `docstring`
    is dedented and still Python's; `source` is the canonical Python without the docstring.
    """

    name: str
    parameters: tuple[Parameter, ...]
    returns: Type
    docstring: str
    cases: tuple[Case, ...]
    source: str
    python_name: str
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Definition:
    """A function as written: what stands in the source before any test is read.

    `module` is the whole source, and `lines` the first and last line of the function in it, counted from 1.
    """

    signature: Signature
    declared: tuple[Type, ...]
    returns: Type
    docstring: str
    source: str
    module: str
    lines: tuple[int, int]


@dataclass(frozen=True)
class RefusedTest:
    """A test that is not used, and why."""

    test: str
    reason: str


def read_definition(content: str, entrypoint: str) -> Definition:
    """Find and read the function `entrypoint` in Python source.

    Raises `Refused` where there is no such plain top-level function, or it takes `*args`.
    """
    try:
        module = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Refused(f"the source is not Python: {error}") from None
    node = next((n for n in reversed(module.body) if getattr(n, "name", None) == entrypoint), None)
    if isinstance(node, ast.AsyncFunctionDef):
        raise Refused("an async function has no counterpart in other languages")
    if not isinstance(node, ast.FunctionDef):
        raise Refused(f"there is no top-level function {entrypoint} in the source")
    args = node.args
    if args.vararg or args.kwarg:
        raise Refused("*args and **kwargs have no counterpart in other languages")
    if _is_generator(node):
        raise Refused("a generator has no counterpart in other languages")
    parameters = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    positional = len(args.posonlyargs) + len(args.args)
    defaults: list[ast.expr | None] = [None] * (positional - len(args.defaults))
    defaults += [*args.defaults, *args.kw_defaults]
    returns = _declared(node.returns)
    return Definition(
        Signature(
            entrypoint,
            tuple(parameter.arg for parameter in parameters),
            tuple(map(_default, defaults)),
            keyword_only=len(args.kwonlyargs),
            returns_bool=returns == BOOL,
        ),
        tuple(_declared_parameter(p, d) for p, d in zip(parameters, defaults, strict=True)),
        returns,
        ast.get_docstring(node) or "",
        _without_docstring(content, module, node),
        content,
        (node.lineno, node.end_lineno or node.lineno),
    )


def _is_generator(node: ast.FunctionDef) -> bool:
    """Whether the function itself yields; a function inside it may."""
    inner = [n for n in ast.walk(node) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)]
    theirs = {id(n) for function in inner if function is not node for n in ast.walk(function)}
    return any(isinstance(n, ast.Yield | ast.YieldFrom) and id(n) not in theirs for n in ast.walk(node))


def _default(node: ast.expr | None) -> Any:
    try:
        return MISSING if node is None else read_value(node)
    except ValueError:
        return MISSING


def _declared(annotation: ast.expr | None) -> Type:
    """The annotation's type; Any, to be inferred from the tests, where there is none that crosses languages."""
    try:
        return ANY if annotation is None else parse_type(annotation)
    except (Refused, RecursionError):
        return ANY


def _declared_parameter(parameter: ast.arg, default: ast.expr | None) -> Type:
    """A default of None makes the type optional, whatever the annotation says."""
    declared = _declared(parameter.annotation)
    implicit = isinstance(default, ast.Constant) and default.value is None and declared != ANY
    return union([declared, NONE]) if implicit else declared


def _without_docstring(content: str, module: ast.Module, node: ast.FunctionDef) -> str:
    """The source without the docstring and the imports that only annotations need."""
    lines = re.split(r"\r\n|\r|\n", content)  # as the parser counts them; str.splitlines knows further ends
    unneeded: list[ast.stmt] = [statement for statement in module.body if _imports_typing(statement)]
    if ast.get_docstring(node, clean=False) is not None and len(node.body) > 1:
        unneeded.append(node.body[0])
    drop = {line for statement in unneeded for line in _whole_lines(statement, lines)}
    return "\n".join(line for i, line in enumerate(lines) if i not in drop).strip("\n")


def _imports_typing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.ImportFrom):
        return statement.module == "typing"
    return isinstance(statement, ast.Import) and all(name.name == "typing" for name in statement.names)


def _whole_lines(statement: ast.stmt, lines: Sequence[str]) -> range:
    """The lines of a statement; none where it shares one with something else than a comment."""
    first, last = statement.lineno - 1, (statement.end_lineno or statement.lineno) - 1
    before = lines[first].encode()[: statement.col_offset].strip()
    after = lines[last].encode()[statement.end_col_offset :].strip()
    return range(first, last + 1) if not before and (not after or after.startswith(b"#")) else range(0)


def read_tests(
    definition: Definition, tests: Sequence[str], *, exact: bool = False
) -> tuple[list[tuple[str, Call | Pending]], list[RefusedTest]]:
    """Read a function's tests; those that are no test of it, or with `exact` say less than a value, are refused."""
    read: list[tuple[str, Call | Pending]] = []
    refused = []
    for test in tests:
        try:
            read.append((test, read_test(test, definition.signature, exact=exact)))
        except Refused as reason:
            refused.append(RefusedTest(test, str(reason)))
    return read, refused


def build_function(
    definition: Definition, calls: Sequence[tuple[str, Call]]
) -> tuple[Function, list[RefusedTest]]:
    """Give the calls their types and so make the function, refusing tests that do not fit them.

    A type that the annotations leave open is inferred from all the calls together: float where there are ints
    too, and the union of both where the function is seen to tell 3 from 3.0.
    """
    types = [
        refine(declared, reduce(join, (_seen(call.arguments[i]) for _, call in calls), ANY))
        for i, declared in enumerate(definition.declared)
    ]
    returns = refine(definition.returns, _type_of_results([call for _, call in calls]))
    cases, refused = _elaborate_cases(calls, types, returns)
    consistent, contradictory = without_contradictions(cases)
    told_apart = [_both_numbers(type, declared, [call.arguments[i] for _, call in calls])
                  for i, (type, declared) in enumerate(zip(types, definition.declared, strict=True))]  # fmt: skip
    if contradictory and told_apart != types:
        types, kept = told_apart, {case.test for case in consistent}
        consistent, _ = _elaborate_cases([(test, call) for test, call in calls if test in kept], types, returns)
    function = Function(
        name=definition.signature.name,
        parameters=tuple(map(Parameter, definition.signature.parameters, types)),
        returns=returns,
        docstring=definition.docstring,
        cases=tuple(consistent),
        source=definition.source,
        python_name=definition.signature.name,
    )
    return function, refused + contradictory


def _elaborate_cases(
    calls: Sequence[tuple[str, Call]], types: Sequence[Type], returns: Type
) -> tuple[list[Case], list[RefusedTest]]:
    cases, refused = [], []
    for test, call in calls:
        try:
            cases.append(_elaborate_case(test, call, types, returns))
        except Refused as reason:
            refused.append(RefusedTest(test, str(reason)))
    return cases, refused


def _both_numbers(type: Type, declared: Type, arguments: Sequence[Any]) -> Type:
    """The union of int and float for a float that was inferred from ints too."""
    is_mixed = declared == ANY and type == FLOAT and any(isinstance(argument, int) for argument in arguments)
    return union([INT, FLOAT]) if is_mixed else type


def _type_of_results(calls: Sequence[Call]) -> Type:
    """The type that the expected results show; 0 and 1 beside bools are bools, what has a tolerance a float."""
    results = [call.expected for call in calls if call.check == "equal"]
    if any(isinstance(result, bool) for result in results):
        results = [bool(result) if isinstance(result, int) and result in (0, 1) else result for result in results]
    tolerant = any(call.tolerance is not None for call in calls)
    return reduce(join, map(_seen, results), FLOAT if tolerant else ANY)


def _seen(value: Any) -> Type:
    try:
        return infer_type(value)
    except Refused:
        return ANY


def _elaborate_case(test: str, call: Call, types: Sequence[Type], returns: Type) -> Case:
    arguments = tuple(map(elaborate, call.arguments, types))
    if call.check == "truth":
        return Case(arguments, elaborate(call.expected, BOOL), "truth", test=test)
    expected = elaborate(call.expected, returns, expected=True)
    return Case(arguments, expected, tolerance=call.tolerance, test=test)


def without_contradictions(cases: Sequence[Case]) -> tuple[list[Case], list[RefusedTest]]:
    """Set aside tests that give the same arguments different answers."""
    answers: dict[str, Value] = {}
    contradictory = set()
    for case in cases:
        if case.check == "equal" and case.tolerance is None:
            arguments = repr(case.arguments)
            first = answers.setdefault(arguments, case.expected)
            if repr(first) != repr(case.expected) and plain(first) != plain(case.expected):
                contradictory.add(arguments)
    reason = "another test contradicts it: the same arguments, a different answer"
    return (
        [case for case in cases if repr(case.arguments) not in contradictory],
        [RefusedTest(case.test, reason) for case in cases if repr(case.arguments) in contradictory],
    )
