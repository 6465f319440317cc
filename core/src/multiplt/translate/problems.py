"""From a tested function to a language's problem: prompt, suite and cases."""

from __future__ import annotations

from typing import Any

from multiplt.errors import Refused
from multiplt.functions import Function, RefusedTest
from multiplt.identifiers import spell_function
from multiplt.plugins import BoundLanguage
from multiplt.problems import Problem, Strict
from multiplt.settings import PromptSettings

ENOUGH = 3
"""A function stays with at least this many of its tests, or all."""


def build_problem(
    language: BoundLanguage,
    function: Function,
    name: str,
    settings: PromptSettings,
    tests: int | None = None,
    enough: int = ENOUGH,
) -> tuple[Problem, tuple[RefusedTest, ...]]:
    """The problem that a function makes in a language, and the tests that it refused.

    `tests` is how many tests the function came with, where some were refused before; at least `enough`
    must be left, or all.

    Raises `Refused` where the language cannot express the function, or too few of its tests.
    """
    spelled = spell_function(function, language.spec)
    suite = language.translate_tests(spelled)
    prompt = language.build_prompt(spelled, "completion", settings.canonical)
    tests = len(function.cases) if tests is None else tests
    if len(suite.cases) < min(enough, tests) or not suite.cases:
        reason = f"; the first: {suite.refused[0].reason}" if suite.refused else ""
        raise Refused(f"only {len(suite.cases)} of {tests} tests can be expressed{reason}")
    prompts: dict[str, Any] = {}
    if settings.canonical:
        prompts["bare_prompt"] = language.build_prompt(spelled, "completion", False)
    if settings.style == "chat":
        prompts["chat_prompt"] = language.build_prompt(spelled, "chat", settings.canonical)
    problem = Problem(
        name=name,
        language=language.spec.tag,
        prompt=prompt,
        tests=suite.text,
        stop_tokens=language.spec.stop_tokens,
        original=f"{name}.py",
        multiplt=Strict.of(spelled, suite.cases, **prompts),
    )
    return problem, suite.refused
