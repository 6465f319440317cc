"""Every hook: answered by a language, and open to any plugin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click
import pytest
import toy
from toy_helpers import NONCE, channel, returned, spelled, toy_language, toy_plugins, toy_problem

from multiplt import (
    Check,
    Completion,
    ExecutionPlan,
    Function,
    Limits,
    Outcome,
    Program,
    Refused,
    Results,
    Status,
    hookimpl,
)
from multiplt.execute.records import CaseResult
from multiplt.plugins import Plugins, collect
from multiplt.testing.judging import read_function

SOURCE = 'def f(n: int) -> "list[int]":\n    """A list."""\n    return [n]\n'
PROBLEM = toy_problem(SOURCE, "f", "assert f(1) == [1]", "assert f(2) == [2]", canonical=True)
FUNCTION = spelled(read_function(SOURCE, "f", "assert f(1) == [1]", "assert f(2) == [2]"))


def test_hook_language_spec() -> None:
    assert toy_plugins().manager.hook.multiplt_language_spec() == [toy.Toy.spec]


def test_hook_build_prompt() -> None:
    language = toy_language()
    assert language.build_prompt(FUNCTION, "completion", False) == "# A list.\ndef f(n):\n"
    assert "#     return [n]\n" in language.build_prompt(FUNCTION, "completion", True)
    assert "def f(n):" in language.build_prompt(FUNCTION, "chat", False)
    assert toy_plugins().manager.hook.multiplt_build_prompt(
        language="another", function=FUNCTION, style="chat", canonical=False
    ) is None  # fmt: skip


def test_hook_translate_tests() -> None:
    sets = spelled(read_function("def f(n: int): pass", "f", "assert f(1) == {1}"))
    suite = toy_language().translate_tests(FUNCTION)
    assert suite.text.splitlines()[-2:] == ["assert same(f(1), [1])", "assert same(f(2), [2])"]
    assert (suite.cases, suite.refused) == (FUNCTION.cases, ())
    none = toy_language().translate_tests(sets)
    assert none.cases == ()
    assert [(refused.test, refused.reason) for refused in none.refused] == [
        ("assert f(1) == {1}", "Toy has no sets here")
    ]


def test_hook_extract_completion() -> None:
    answer = "```\ndef f(n):\n    return [n]\n```"
    assert toy_language().extract_completion(PROBLEM, answer) == Completion("def f(n):\n    return [n]\n", whole=True)


def test_hook_build_stub() -> None:
    assert toy_language().build_stub(PROBLEM, "mark") == Completion("    raise RuntimeError('mark')\n")


def test_hook_build_program() -> None:
    strict = toy_language().build_program(PROBLEM, Completion("    return [n]\n"))
    assert (strict.mode, strict.entry, set(strict.files)) == (
        "strict",
        "main.py",
        {"main.py", "harness.py", "channel.py", "candidate.py"},
    )
    assert "(1, )" in strict.files["main.py"]
    assert not any("[1]" in text for text in strict.files.values()), "no expected value in what runs"
    assert strict.text.startswith(PROBLEM.prompt + "    return [n]\n")
    compat = toy_language().build_program(PROBLEM.model_copy(update={"multiplt": None}), Completion("    return [n]\n"))
    assert (compat.mode, set(compat.files)) == ("compat", {"main.py"})
    assert PROBLEM.tests in compat.files["main.py"]


def test_hook_execution_plan() -> None:
    plan = toy_language().execution_plan(Program({"main.py": ""}, "main.py"), Limits(wall_s=3))
    assert (plan.run.argv[-1], plan.limits.wall_s, plan.files) == ("main.py", 3, {"main.py": ""})


def test_hook_parse_result() -> None:
    program = toy_language().build_program(PROBLEM, Completion(""))
    outcome = Outcome(0, records=channel(*returned([1], [2])), nonce=NONCE)
    cases = (CaseResult(0, "returned", [1]), CaseResult(1, "returned", [2]))
    assert toy_language().parse_result(PROBLEM, program, outcome) == Results(cases)
    assert toy_language().parse_result(PROBLEM, program, Outcome(0, nonce=NONCE)).status is Status.TAMPERED


def test_hook_clean() -> None:
    cleaned = toy_language().clean(PROBLEM, Completion("    # So:\n    return [n]  # done\n\n"))
    assert cleaned.text == "# A list.\ndef f(n):\n    # So:\n    return [n]  # done\n"
    assert cleaned.without_comments == "def f(n):\n    return [n]"


def test_hook_doctor() -> None:
    class Checks:
        @hookimpl
        def multiplt_doctor(self, language: str) -> Iterable[Check]:
            return [Check(f"{language} library", ok=False, mend="apt-get install it")]

    assert toy_language().doctor() == []
    assert toy_language(("checks", Checks())).doctor() == [Check("toy library", ok=False, mend="apt-get install it")]


class Registers:
    @hookimpl
    def multiplt_register_models(self, register: Callable[[str, Any], None]) -> None:
        register("echo", lambda rest, options: rest)

    @hookimpl
    def multiplt_register_sandboxes(self, register: Callable[[str, Any], None]) -> None:
        register("strong", object)

    @hookimpl
    def multiplt_register_commands(self, cli: click.Group) -> None:
        cli.add_command(click.Command("more"))


def test_hook_register_models() -> None:
    hook = toy_plugins(("registers", Registers())).manager.hook.multiplt_register_models
    assert collect(hook)["echo"]("x", None) == "x"


def test_hook_register_sandboxes() -> None:
    hook = toy_plugins(("registers", Registers())).manager.hook.multiplt_register_sandboxes
    assert collect(hook, ("bubblewrap", int)) == {"bubblewrap": int, "strong": object}


def test_hook_register_commands() -> None:
    cli = click.Group()
    toy_plugins(("registers", Registers())).manager.hook.multiplt_register_commands(cli=cli)
    assert list(cli.commands) == ["more"]


def test_hooks_alone_make_a_language() -> None:
    """What `Language` does can be done hook by hook; a plugin then answers for a language of its own."""

    class Bare:
        @hookimpl
        def multiplt_language_spec(self) -> Any:
            return toy.Toy.spec

        @hookimpl
        def multiplt_build_prompt(self, language: str, function: Function) -> str | None:
            if language != "toy":
                return None
            raise Refused(f"{function.name} cannot be spelled")

        @hookimpl
        def multiplt_execution_plan(self, program: Program) -> ExecutionPlan:
            return ExecutionPlan(program.files, toy.plugin.run(program))

    plugins = Plugins()
    plugins.register(Bare(), "bare")
    language = plugins.language("toy")
    assert language.execution_plan(Program({}, "x"), Limits()).run.argv[-1] == "x"
    with pytest.raises(Refused, match="f cannot be spelled"):
        language.build_prompt(FUNCTION, "completion", True)
