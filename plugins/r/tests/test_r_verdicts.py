"""What the verdict on each kind of candidate is, in both modes."""

from __future__ import annotations

import pytest

from multiplt.execute.plan import Limits
from multiplt.execute.verdicts import Judge
from multiplt.plugins import BoundLanguage
from multiplt.problems import Completion, Problem
from multiplt.testing.judging import problem_of, read_function, verdicts
from multiplt_lang_r.messages import failure

ADD = "def add(a: int, b: int) -> int:\n    return a + b"
TESTS = ("assert add(1, 2) == 3", "assert add(0, -1) == -1", "assert add(0, 0) == 0")

STRICT = {
    "raises what is no error": ("stop(structure(class = c('x', 'condition'), list(message = 'x')))\n}", "Exception", 0),
    "raises without a message": ("stop(structure(class = c('error', 'condition'), list()))\n}", "Exception", 0),
    "raises bytes": ("stop(rawToChar(as.raw(c(0x61, 0xff))))\n}", "Exception", 0),
    "returns invisibly": ("invisible(a + b)\n}", "OK", 3),
    "asks for too much memory": ("numeric(1e12)\n}", "OutOfMemory", 0),
    "bad escape": ("'\\q'\n}", "SyntaxError", 0),
    "says it is unexpected": ("a + b\n}\nstop('unexpected symbol in \"x\"', call. = FALSE)", "Exception", 0),
    "parses what does not parse": ("eval(parse(text = 'a b'))\n}", "Exception", 0),
    "takes one argument": ("0\n}\nadd <- function(a) a", "Exception", 0),
    "prints at load": ("a + b\n}\nprint(add(1, 2)); message('x'); warning('y'); add(1, 2)", "OK", 3),
    "reads at load": ("a + b\n}\nx <- readLines('stdin'); y <- readline(); z <- readLines(stdin())", "OK", 3),
    "shadows": ("a + b\n}\nc <- list <- `if` <- function(...) 0; T <- F; run_cases <- paste0 <- sprintf <- 1", "OK", 3),
    "works by name": ("do.call('plus', list(a, b)) + get('k', globalenv())\n}\nk <- 0\nplus <- function(a, b) a + b",
                      "OK", 3),
    "looks at its call": ("stopifnot(nargs() == 2, is.call(match.call())); eval(substitute(a)) + b\n}", "OK", 3),
    "S4, S3 and reference classes": (
        "sum(new('P', a = a)@a, unclass(structure(b, class = 'q')), C$new(n = 0)$n)\n}\n"
        "setClass('P', representation(a = 'numeric'))\nC <- setRefClass('C', fields = list(n = 'numeric'))", "OK", 3),
    "options": ("a + b\n}\noptions(warn = 2, digits = 1, scipen = -9, OutDec = ',', encoding = 'latin1')", "OK", 3),
    "closes all connections": ("closeAllConnections(); sink('x'); a + b\n}", "OK", 3),
    "catches what it can": ("tryCatch(quit(), error = function(e) a + b)\n}", "OK", 3),
    "writes where it is": ("writeLines('x', tempfile()); writeLines('y', 'main.R'); unlink('*'); a + b\n}", "OK", 3),
}  # fmt: skip


@pytest.fixture(scope="module")
def strict(r: BoundLanguage, judge: Judge) -> dict[str, tuple[str, int]]:
    problem = problem_of(r, read_function(ADD, "add", *TESTS))
    judged = verdicts(judge, problem, [f"\n    {code}\n" for code, *_ in STRICT.values()])
    return {name: (str(verdict.status), verdict.passed) for name, verdict in zip(STRICT, judged, strict=True)}


@pytest.mark.parametrize("name", STRICT)
def test_strict(strict: dict[str, tuple[str, int]], name: str) -> None:
    assert strict[name] == STRICT[name][1:]


def test_words_that_are_not_ascii(r: BoundLanguage, judge: Judge) -> None:
    """In literals, in names and through R's own functions of strings."""
    source = "def f(s: str) -> str:\n    return s"
    problem = problem_of(r, read_function(source, "f", "assert f('é漢😀') == '😀漢É'", "assert f('Ü') == 'Ü'"))
    code = "\n    größe <- rev(strsplit(s, '')[[1]])\n    toupper(chartr('é', 'é', paste(größe, collapse = '')))\n}"
    [verdict] = verdicts(judge, problem, [code])
    assert verdict.passed == 2, verdict.failure


def test_long_values_are_read_and_written_in_time(r: BoundLanguage, judge: Judge) -> None:
    items = list(range(5000))
    function = read_function("def f(xs: list[int]) -> list[int]:\n    return xs", "f", f"assert f({items}) == {items}")
    [verdict] = verdicts(Judge(r, judge.executor, Limits()), problem_of(r, function), ["\n    xs\n}"])
    assert verdict.status == "OK", verdict


PROMPT = "# Adds.\nadd <- function(a, b) {"
SUITE = """\
test_humaneval <- function() {
    candidate <- add
    stopifnot(isTRUE(all.equal(candidate(1, 2), 3)))
}
test_humaneval()"""

COMPAT = {
    "wrong": ("a - b\n}", "AssertionError"),
    "wrong, at length": ("rep('a long answer', 100)\n}", "AssertionError"),
    "raises": ("stop('no')\n}", "Exception"),
    "exits": ("quit(status = 0)\n}", "Tampered"),
    "exits at load": ("a + b\n}\nq('no')", "Tampered"),
    "reads the rest of the program": ("a + b\n}\nx <- readLines(stdin())", "Tampered"),
    "unfinished": ("a + ", "SyntaxError"),
    "bad token": ("a _ b\n}", "SyntaxError"),
    "undefined": ("plus(a, b)\n}", "Exception"),
    "unexpected": ("a + b\n}\nstop('unexpected input')", "Exception"),
    "parses what does not parse": ("eval(parse(text = 'a b'))\n}", "Exception"),
    "no memory": ("numeric(1e12)\n}", "OutOfMemory"),
    "prints and reads": ("print(readLines('stdin')); warning('x'); a + b\n}", "OK"),
    "redefines": ("a + b\n}\nassign <- getOption <- c <- readLines <- complete <- function(...) stop('no')", "OK"),
    "forges the mark": ("cat('35:z', readLines('stdin'), ' 0', sep = '', file = '/proc/self/fd/3'); quit()\n}",
                        "Tampered"),
}  # fmt: skip


@pytest.fixture(scope="module")
def compat(judge: Judge) -> dict[str, str]:
    problem = Problem(name="HumanEval_0_add", language="r", prompt=PROMPT, tests=SUITE)
    judged = verdicts(judge, problem, [Completion(f"\n    {code}\n") for code, _ in COMPAT.values()])
    return {name: str(verdict.status) for name, verdict in zip(COMPAT, judged, strict=True)}


@pytest.mark.parametrize("name", COMPAT)
def test_compat(compat: dict[str, str], name: str) -> None:
    assert compat[name] == COMPAT[name][1]


PARSER = [
    "unexpected symbol in \"x y\"", "unexpected '}' in:\n\"a\n}\"", "unexpected end of input",
    "unexpected input in \"5 _\"", "unexpected numeric constant in \"1 2\"",
    "'\\q' is an unrecognized escape in character string starting \"'\\q\"", "repeated formal argument 'a' on line 1",
    "attempt to use zero-length variable name", "contextstack overflow at line 1",
    "invalid multibyte character in parser at line 1",
]  # fmt: skip


@pytest.mark.parametrize("said", PARSER)
def test_words_of_the_parser(said: str) -> None:
    assert failure(f"Error: {said}\nExecution halted\n") == "SyntaxError"
    assert failure(f"Error in f() : {said}\nExecution halted\n") == "Exception"
