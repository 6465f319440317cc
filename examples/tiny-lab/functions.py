"""Functions from templates: in Python, with tests, and as a rule translates them, rightly or not."""

from __future__ import annotations

import random
import re
import tomllib
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from multiplt.rows import Row

TEMPLATES = tomllib.loads((Path(__file__).parent / "templates.toml").read_text("utf-8"))
SHAPES, OPERATIONS = TEMPLATES["shapes"], TEMPLATES["operations"]
NUMBERS = range(2, 32)

HELD_OUT = {([*SHAPES][place % len(SHAPES)], name) for place, name in enumerate(OPERATIONS) if place % 2 == 0}
"""Templates that no translation is shown of; each shape and each operation is in others."""

TESTS = 5
CHOICE = re.compile(r"\{\{((?:(?!\{\{|\}\}).)+)\}\}")
"""The innermost spellings: those of an expression are inside those of its statement."""


@dataclass(frozen=True)
class Function:
    """A template, which is a shape and an operation, with a number in it."""

    shape: str
    operation: str
    number: int

    @property
    def is_held_out(self) -> bool:
        """Whether its whole template is."""
        return (self.shape, self.operation) in HELD_OUT

    @property
    def name(self) -> str:
        """Template and number."""
        return f"{self.shape}_{self.operation}_{self.number}"

    @property
    def python(self) -> str:
        """Its source."""
        shape = SHAPES[self.shape]
        says = shape["says"].format(operation=OPERATIONS[self.operation]["says"])
        text = f'def {self.name}{shape["signature"]}:\n    """{says}"""\n{self._body("python")}'
        return text.replace("K", str(self.number))

    def row(self, id: int, chance: random.Random) -> Row:
        """The function with tests, as every command reads it; their results are what Python makes of them."""
        space: dict[str, Any] = {}
        exec(self.python, space)  # nobody's code but the templates'
        tests = []
        for _ in range(TESTS):
            numbers = [chance.randint(-200, 200) for _ in range(5)]
            argument = numbers[0] if self.shape == "value" else numbers
            tests.append(f"assert {self.name}({argument}) == {space[self.name](argument)}")
        return {"id": id, "entrypoint": self.name, "content": self.python, "tests": tests}

    def guess(self, language: str, right: float, chance: random.Random) -> str:
        """What the rule makes of the body: of each two spellings the right one, with the probability `right`."""
        text = self._body(language)
        while match := CHOICE.search(text):
            first, other = match[1].split(" ~ ")
            text = text[: match.start()] + (first if chance.random() < right else other) + text[match.end() :]
        return text.replace("K", str(self.number))

    def _body(self, language: str) -> str:
        operation = OPERATIONS[self.operation]  # where a language has none, it is spelled as in Python
        return str(SHAPES[self.shape][language].replace("EXPR", operation.get(language, operation["python"])))


def all_functions(chance: random.Random) -> list[Function]:
    """Each template with each number, in random order."""
    functions = [Function(*chosen) for chosen in product(SHAPES, OPERATIONS, NUMBERS)]
    chance.shuffle(functions)
    return functions
