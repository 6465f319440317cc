"""Prompts, to the letter, and what becomes of a model's answers."""

from __future__ import annotations

from lua_helpers import ADD

from multiplt.identifiers import spell_function
from multiplt.plugins import BoundLanguage
from multiplt.problems import Completion
from multiplt.testing.judging import problem_of, read_function

COUNT = '''
from typing import Dict, List, Optional

def count_words(words: List[str], end: Optional[Dict[str, int]] = None) -> Dict[str, int]:
    """
    Count the words in a list, listed; return a dictionary. True and None
    stay words here: "a list". A happy set or a tuple in Python.

    >>> count_words(["a", "it's", "a"], None)
    {'a': 2, "it's": 1}
    """
    counts = {}

    return counts
'''

PROMPT = """\
-- Count the words in a table, listed; return a table. true and nil
-- stay words here: "a list". A happy set or a table in Lua.
-- >>> count_words({'a', "it's", 'a'}, nil)
-- {['a'] = 2, ["it's"] = 1}
"""

CANONICAL = """\
-- The same function in Python:
-- def count_words(words: List[str], end: Optional[Dict[str, int]] = None) -> Dict[str, int]:
--     counts = {}
--
--     return counts
"""

SIGNATURE = "local function count_words(words, end_)\n"


def test_prompts_to_the_letter(lua: BoundLanguage) -> None:
    """MultiPL-E's form, with its terms on the borders of words alone: nothing is tableed, nobody is haplua."""
    read = read_function(COUNT, "count_words", 'assert count_words(["a"], None) == {"a": 1}')
    function = spell_function(read, lua.spec)
    assert function.renamed == {"end": "end_"}
    assert lua.build_prompt(function, "completion", canonical=False) == PROMPT + SIGNATURE
    assert lua.build_prompt(function, "completion", canonical=True) == PROMPT + CANONICAL + SIGNATURE


def test_prompt_without_docstring_or_parameters(lua: BoundLanguage) -> None:
    function = read_function("def f() -> int:\n    return 1", "f", "assert f() == 1")
    assert lua.build_prompt(function, "completion", canonical=False) == "local function f()\n"


def test_what_suites_and_functions_need_is_no_name(lua: BoundLanguage) -> None:
    source = "def require(nil_: int, goto: int, type: int) -> int:\n    return type"
    function = spell_function(read_function(source, "require", "assert require(1, 2, 3) == 3"), lua.spec)
    assert lua.build_prompt(function, "completion", canonical=False) == "local function require_(nil_, goto_, type)\n"


def extract(lua: BoundLanguage, text: str) -> Completion:
    return lua.extract_completion(problem_of(lua, ADD), text)


def test_continuation_ends_at_a_stop_token_and_not_at_a_blank_line(lua: BoundLanguage) -> None:
    """In older MultiPL-E a blank line ends a completion, which cost every function that has one."""
    body = "    local sum = a + b\n\n    return sum\nend"
    for more in ("\nlocal x = 1", "\nfunction g() end", "\n-- done"):
        assert extract(lua, f"{body}{more}\n") == Completion(body)


def test_chat_answers(lua: BoundLanguage) -> None:
    for definition in (
        "local function add(a, b)\n  return a + b\nend", "function add (a, b)\n  return a + b\nend",
        "local add = function(a, b)\n  return a + b\nend", "local add <const> = function(a, b)\n  return a + b\nend",
        "local add\nadd = function(a, b)\n  return a + b\nend",
    ):  # fmt: skip
        program = f"-- Mine.\n{definition}\n\nprint(add(1, 2))\n"
        assert extract(lua, f"Sure:\n```lua\n{program}```\nDone.") == Completion(program, whole=True)
    assert not extract(lua, "```lua\nlocal function address(a, b)\n  return a\nend\n```").whole
    assert not extract(lua, "```lua\nlocal other = add\n```").whole


def training_text(lua: BoundLanguage, code: str) -> str:
    cleaned = lua.clean(problem_of(lua, ADD), Completion(code))
    return cleaned.text.removeprefix("local function add(a, b)\n")


def test_training_text_ends_without_a_modules_return(lua: BoundLanguage) -> None:
    for code in ("    return a + b\nend\n", "return a + b\nend\n", "    return [[\nreturn x\n]]\nend -- [[\n"):
        assert training_text(lua, code) == code
        for module in ("return add", "return {add = add} -- all", "return {\n    add = add,\n}", "return"):
            assert training_text(lua, f"{code}\n{module}\n") == code
    unfinished = "    return a + b\nend\nreturn function() end"
    assert training_text(lua, unfinished) == unfinished + "\n"


def test_comments_of_every_length_are_taken_out(lua: BoundLanguage) -> None:
    code = "a = 1 --[[ x ]] b = 2 --[==[ ]] \n x ]==] c = [[--]] -- y\nd = [=[ ]]--[[]=] --[=[ open"
    cleaned = lua.clean(problem_of(lua, ADD), Completion(code))
    assert cleaned.without_comments.split("\n")[1:] == ["a = 1   b = 2   c = [[--]]", "d = [=[ ]]--[[]=]"]
