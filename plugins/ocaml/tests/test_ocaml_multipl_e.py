"""Prompts against those of MultiPL-E's own translator: the last line is the same wherever that one compiles."""

from __future__ import annotations

import ast
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from ocaml_helpers import run_bare

from multiplt.asserts import Call
from multiplt.functions import Function, build_function, read_definition, read_tests
from multiplt.identifiers import spell_function
from multiplt_lang_ocaml import plugin

REFERENCE = Path(os.environ.get("MULTIPLT_REFERENCE") or Path(__file__).parents[4] / "shared" / "data") / "multipl-e"


def original_function(text: str) -> Function:
    """A problem in MultiPL-E's Python form, as a function."""
    head, tests = text.split("### Unit tests below ###")
    source = head.split("    ### Canonical solution below ###")[0] + "    pass"
    name = re.findall(r"^def (\w+)\(", source, re.MULTILINE)[-1]
    asserts = [ast.unparse(node) for node in ast.walk(ast.parse(tests)) if isinstance(node, ast.Assert)]
    definition = read_definition(source, name)
    read, _ = read_tests(definition, [re.sub(r"\bcandidate\b", name, test) for test in asserts])
    function, _ = build_function(definition, [(test, call) for test, call in read if isinstance(call, Call)])
    return spell_function(function, plugin.spec)


def prompts(benchmark: str) -> Iterator[tuple[str, str]]:
    """MultiPL-E's prompt and ours, of each problem."""
    rows = {
        kind: [json.loads(line) for line in (REFERENCE / f"{benchmark}-{kind}.jsonl").open()]
        for kind in ("originals", "ml")
    }
    originals = {row["name"]: row["text"] for row in rows["originals"]}
    for row in rows["ml"]:
        yield row["prompt"], plugin.build_prompt(original_function(originals[row["name"]]), "completion", False)


@pytest.mark.parametrize(("benchmark", "same", "spaces"), [("humaneval", 61, 2), ("mbpp", 132, 15)])
def test_prompts_end_as_multipl_es_do(benchmark: str, same: int, spaces: int) -> None:
    if not REFERENCE.is_dir():
        pytest.skip(f"no reference data at {REFERENCE}; set MULTIPLT_REFERENCE")
    found: Counter[str] = Counter()
    for theirs, ours in prompts(benchmark):
        their_line, our_line = theirs.splitlines()[-1], ours.splitlines()[-1]
        if their_line == our_line:
            found["same"] += 1
        elif re.sub(":  ", ": ", their_line) == our_line:
            found["two spaces before a tuple type"] += 1
        else:
            body = ' failwith ""\n'
            fault = "does not compile" if run_bare(their_line + body).returncode else "wrong type"
            assert re.search(r" \* .* (list|option)|\((string|int), |[( ][A-Z]|[a-z]_?[A-Z]", their_line), their_line
            assert run_bare(our_line + body).returncode == 0, our_line
            found[fault] += 1
    assert (found["same"], found["two spaces before a tuple type"]) == (same, spaces), found
