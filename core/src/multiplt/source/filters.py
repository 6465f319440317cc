"""Which functions are worth testing: the filters of the MultiPL-T paper that look at one function alone, by name.

A filter says None of what it keeps, else why not.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping

from multiplt.settings import FilterName
from multiplt.source.definition import ParsedFunction
from multiplt.source.module_scope import is_standard

Reason = tuple[str, str]
"""Why a function is set aside: a fixed phrase, and what is particular to the function."""

Filter = Callable[[ParsedFunction], Reason | None]

TODO = re.compile(r"TODO|FIXME|#.*\bXXX\b")
"""As in the paper, and its two synonyms; XXX stands for other things in texts."""

TRIVIAL = 2
"""Nodes of the largest expression that is trivial to return: `x`, `[]`, `-x`, `x.y`.

The paper's artifact drops more (what it parses into less than 9 nodes, tokens included): `x + y`, `len(x)` and `x[0]`
too, which HumanEval asks for.
"""


def triple_quotes(function: ParsedFunction) -> Reason | None:
    """Its docstring stands in triple quotes: what does not is mostly a remark."""
    if function.docstring is None:
        return "it has no docstring", ""
    is_triple = function.docstring_source.lstrip("rRuU").startswith(('"""', "'''"))
    return None if is_triple else ("its docstring is not in triple quotes", "")


def returns(function: ParsedFunction) -> Reason | None:
    """It returns a value."""
    values = [node.value for node in function.own_nodes if isinstance(node, ast.Return)]
    is_value = any(value is not None and not _is_none(value) for value in values)
    return None if is_value else ("it returns no value", "")


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def parameters(function: ParsedFunction) -> Reason | None:
    """It takes parameters, and a fixed number of them: else there is nothing to test, or no counterpart."""
    args = function.node.args
    if args.vararg or args.kwarg:
        return "it takes *args or **kwargs", ""
    return None if args.posonlyargs or args.args or args.kwonlyargs else ("it takes no parameters", "")


def generator(function: ParsedFunction) -> Reason | None:
    """It is no generator, which most languages lack."""
    yields = any(isinstance(node, ast.Yield | ast.YieldFrom) for node in function.own_nodes)
    return ("it is a generator", "") if yields else None


def trivial(function: ParsedFunction) -> Reason | None:
    """It does something: not only raise, or return a constant, an argument or part of one."""
    match function.statements:
        case [] | [ast.Pass() | ast.Raise() | ast.Expr()] | [ast.Return(value=None)]:
            return "it is trivial", ""
        case [ast.Return(value=ast.expr() as value)]:
            nodes = sum(isinstance(node, ast.expr) for node in ast.walk(value))
            return ("it is trivial", "") if nodes <= TRIVIAL else None
    return None


def ascii(function: ParsedFunction) -> Reason | None:
    """It is written in ASCII; a docstring may hold signs beyond it, such as arrows, but no letters: it is English."""
    if function.content.isascii():
        return None
    docstring = function.docstring_source
    letter = next((char for char in docstring if char.isalpha() and not char.isascii()), None)
    if letter is None and function.content.replace(docstring, "").isascii():
        return None
    return "it has characters beyond ASCII", letter or ""


def todo(function: ParsedFunction) -> Reason | None:
    """It is finished, as far as it says."""
    found = TODO.search(function.content)
    return ("it has a TODO", found[0].strip()) if found else None


def standard_library(function: ParsedFunction) -> Reason | None:
    """It imports the standard library alone, so that it runs anywhere."""
    for node in [*function.module.body, *function.nodes]:
        for module in _imported(node):
            if not is_standard(module):
                return "it imports something outside the standard library", module
    return None


def _imported(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module, level=level):
            return ["." * level + (module or "")]
    return []


FILTERS: Mapping[FilterName, Filter] = {
    "triple-quotes": triple_quotes,
    "returns": returns,
    "parameters": parameters,
    "generator": generator,
    "trivial": trivial,
    "ascii": ascii,
    "todo": todo,
    "standard-library": standard_library,
}
