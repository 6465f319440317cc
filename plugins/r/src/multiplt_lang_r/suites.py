"""The suite as text: one `stopifnot` per test, and functions of R that compare as `multiplt.equality` does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import indent

from multiplt import Type
from multiplt.idioms import CONTAINERS, SCALARS

# All of it is evaluated in a scope that sees base alone: neither it nor the program disturbs the other's names.
SUITE = """\

base::local({{
{body}
}}, base::new.env(parent = base::baseenv()))
"""

# A type is a function that compares an answer with an expected value; it is FALSE where the latter is of another type.
HELPERS = {
    "same": "same <- function(actual, expected, type) type(actual, expected)",
    "items": """\
# The items of a vector, a list or a table of one dimension, without names; nothing else has any.
items <- function(value) {
    plain <- (!is.object(value) || is.table(value)) && length(dim(value)) < 2
    if (plain && (is.null(value) || is.atomic(value) || is.list(value))) unname(as.list(c(value)))
}""",
    "single": """\
single <- function(value) {
    while (is.list(value) && length(items(value)) == 1) value <- items(value)[[1]]
    if (!is.list(value) && length(items(value)) == 1) items(value)[[1]]
}""",
    "truth": """\
truth <- function(value) {
    if (is.list(value) || length(value) != 1) length(value) > 0
    else if (is.character(value)) nzchar(value)
    else is.nan(value) || !value %in% c(FALSE, NA)
}""",
    "none": """\
none <- function(actual, expected) {
    missing <- function(value) all(is.na(value) & !is.nan(value))
    is.null(expected) && (is.null(actual) || (length(items(actual)) == 1 && missing(unlist(actual))))
}""",
    "bool": "bool <- function(actual, expected) is.logical(expected) && identical(single(actual), expected)",
    "str": """\
str <- function(actual, expected) {
    actual <- single(actual)
    is.character(actual) && is.character(expected) && length(expected) == 1 && !is.na(actual) && actual == expected
}""",
    "int": """\
int <- function(actual, expected) {
    actual <- single(actual)
    is.numeric(actual) && is.numeric(expected) && length(expected) == 1 && !is.na(actual) && actual == expected
}""",
    "within": """\
within <- function(tolerance = NULL) function(actual, expected) {
    actual <- single(actual)
    if (!is.numeric(actual) || !is.numeric(expected) || length(expected) != 1) return(FALSE)
    if (is.nan(expected) || is.na(actual)) return(is.nan(expected) && is.nan(actual))
    if (is.null(tolerance)) tolerance <- max(1e-6 * abs(c(actual, expected)), 1e-9)
    actual == expected || (is.finite(actual - expected) && abs(actual - expected) <= tolerance)
}""",
    "float": "float <- within()",
    "named": """\
# Of names that are numbers.
named <- function(type) function(actual, expected) {
    number <- function(text) suppressWarnings(as.numeric(text))
    identical(actual, expected) || (!is.na(number(expected)) && type(number(actual), number(expected)))
}""",
    "named_bool": "named_bool <- function(actual, expected) identical(toupper(actual), expected)",
    "list_of": """\
list_of <- function(type) function(actual, expected) {
    do.call(tuple_of, rep(list(type), length(expected)))(actual, expected)
}""",
    "tuple_of": """\
tuple_of <- function(...) function(actual, expected) {
    types <- list(...)
    if (is.null(items(actual)) || !is.null(names(expected))) return(FALSE)
    if (length(actual) != length(expected) || length(types) != length(expected)) return(FALSE)
    all(unlist(Map(same, items(actual), items(expected), types)))
}""",
    "set_of": """\
set_of <- function(type) function(actual, expected) {
    !is.null(items(actual)) && is.null(names(expected)) && permuted(items(actual), items(expected), type)
}""",
    "dict_of": """\
dict_of <- function(key, type) function(actual, expected) {
    for (value in list(actual, expected))
        if (is.null(items(value)) || (length(value) > 0 && is.null(names(value)))) return(FALSE)
    entries <- function(value) Map(list, as.character(names(value)), items(value))
    same_entry <- function(a, b) key(a[[1]], b[[1]]) && type(a[[2]], b[[2]])
    permuted(entries(actual), entries(expected), same_entry)
}""",
    "permuted": """\
permuted <- function(actual, expected, same) {
    for (item in expected) {
        place <- Position(function(other) same(other, item), actual)
        if (is.na(place)) return(FALSE)
        actual <- actual[-place]
    }
    length(actual) == 0
}""",
    "either": """\
either <- function(...) function(actual, expected) {
    any(vapply(list(...), function(type) type(actual, expected), TRUE))
}""",
}


def suite(name: str, tests: Sequence[str]) -> str:
    """The suite of the function `name` around its tests, with the helpers that they use."""
    used = _used("\n".join(tests))
    helpers = [text for helper, text in HELPERS.items() if helper in used]
    return SUITE.format(body=indent("\n".join([*helpers, f'candidate <- globalenv()[["{name}"]]', *tests]), "    "))


def _used(text: str) -> set[str]:
    """The helpers that `text` names, and those that they name."""
    found: set[str] = set()
    while True:
        words = set(re.findall(r"\w+", "\n".join([text, *(HELPERS[name] for name in found)])))
        if found == (found := words & HELPERS.keys()):
            return found


def type_test(type: Type, tolerance: str | None = None) -> str:
    """The R expression for a type, numbers within `tolerance` if the test has its own."""
    args = [type_test(arg, tolerance) for arg in type.args]
    match type.kind:
        case "int" | "float" if tolerance is not None:
            return f"within({tolerance})"
        case "list" | "set":
            return f"{type.kind}_of({args[0]})"
        case "tuple":
            return f"list_of({args[0]})" if type.variadic else f"tuple_of({', '.join(args)})"
        case "dict":
            return f"dict_of({_key_test(type.args[0])}, {args[1]})"
        case "optional" | "union":
            return f"either({', '.join(['none'] * (type.kind == 'optional') + args)})"
        case "any":  # of an empty container's items
            return "none"
    return type.kind


def _key_test(type: Type) -> str:
    match type.kind:
        case "int" | "float":
            return f"named({type.kind})"
        case "bool":
            return "named_bool"
        case "union" | "optional":
            return f"either({', '.join(map(_key_test, type.args))})"
    return "str"


def truth_test(call: str, truth: bool, type: Type) -> str:
    """Whether what `call` returns, of `type`, has this truth in Python's sense, as an R expression."""
    if not any(map(type.admits, CONTAINERS)):
        asked = f"truth(single({call}))"
    elif any(map(type.admits, SCALARS)):
        asked = f"truth({call})"
    else:
        return f"length({call}) {'>' if truth else '=='} 0"
    return asked if truth else f"!{asked}"
