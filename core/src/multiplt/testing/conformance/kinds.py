"""The values that must cross into a language and back, by kind."""

from __future__ import annotations

from dataclasses import dataclass

from multiplt.types import Type, parse_type

CONTROL = "".join(chr(code) for code in range(1, 32) if chr(code) not in "\t\n\r") + "\x7f\x80\x9f"


@dataclass(frozen=True)
class Kind:
    """Values of one kind: Python text at a Python type, and `other`, a value of the type that none of them equals.

    `needed` kinds may not be refused: without them hardly a function crosses.
    """

    name: str
    annotation: str
    texts: tuple[str, ...]
    other: str
    needed: bool = False

    @property
    def type(self) -> Type:
        """The type, read."""
        return parse_type(self.annotation)


KINDS = (
    Kind("small ints", "int", ("0", "1", "7", "255"), "8", needed=True),
    Kind("negative ints", "int", ("-1", "-5", "-256"), "5", needed=True),
    Kind("ints beyond 32 bits", "int", ("2147483648", "-2147483649", "4294967297"), "1", needed=True),
    Kind("ints beyond 53 bits", "int", ("9007199254740993", "-9007199254740993"), "9007199254740992"),
    Kind("ints beyond 64 bits", "int", ("9223372036854775808", "-170141183460469231731687303715884105728"), "3"),
    Kind("floats", "float", ("0.5", "2.0", "100.25"), "0.25", needed=True),
    Kind("floats of many digits", "float", ("3.141592653589793", "1234567.890625"), "2.71"),
    Kind("negative floats", "float", ("-0.5", "-2.25", "-0.0"), "0.5", needed=True),
    Kind("tiny and huge floats", "float", ("1e-06", "5e-324", "1e+16", "1e+22", "1.7976931348623157e+308"), "2.0"),
    Kind("infinities", "float", ("float('inf')", "float('-inf')"), "1.0"),
    Kind("not a number", "float", ("float('nan')",), "0.0"),
    Kind("ints where floats are due", "float", ("3", "-4"), "3.5", needed=True),
    Kind("bools", "bool", ("True",), "False", needed=True),
    Kind("the bool that is false", "bool", ("False",), "True", needed=True),
    Kind("plain strings", "str", (repr("a"), repr("Hello, World!")), repr("Hello, World"), needed=True),
    Kind("the empty string", "str", (repr(""),), repr(" "), needed=True),
    Kind("quotes and backslashes", "str", tuple(map(repr, ('"', "'", "\\", '"""', "\\n", "a\\", "\"it's\""))),
         repr("n"), needed=True),
    Kind("white space", "str", tuple(map(repr, ("a\nb", "\t", "\r\n", " a ", "\n"))), repr("a b"), needed=True),
    Kind("control characters", "str", (repr(CONTROL), repr("\x1b[0m"), repr("\x07" + "1")), repr(CONTROL[1:])),
    Kind("the character NUL", "str", (repr("\0"), repr("a\0" + "1")), repr("a")),
    Kind("characters beyond ASCII", "str", tuple(map(repr, ("é", "漢字", "😀", "e\u0301", "\u2028\ufeff\U0010ffff"))),
         repr("e")),
    Kind("interpolation", "str", tuple(map(repr, ("$x ${x} $(x)", "#{x} @x", "%d %s %%", "{0} {{", "~a `x`"))),
         repr("$")),
    Kind("what looks like comments", "str", tuple(map(repr, ("# a", "-- a ]]", "// /* */", "(* *)", "#| |# ; a"))),
         repr("a")),
    Kind("None", "None", ("None",), ""),
    Kind("lists", "List[int]", ("[1, 2, 3]", "[-1]"), "[1, 3, 2]", needed=True),
    Kind("empty lists", "List[int]", ("[]",), "[0]", needed=True),
    Kind("nested lists", "List[List[float]]", ("[[1.5], [2.0, 3.0]]", "[[], [1]]", "[[]]"), "[[1.5, 2.0], [3.0]]"),
    Kind("lists of strings", "List[str]", ("['a', 'b c']", "['']"), "['a', 'b', 'c']", needed=True),
    Kind("tuples", "Tuple[int, str]", ("(1, 'a')", "(-2, '')"), "(1, 'b')"),
    Kind("tuples of any length", "Tuple[int, ...]", ("(1, 2, 3)", "(4,)", "()"), "(1, 3, 2)"),
    Kind("dictionaries by text", "Dict[str, int]", ("{'a': 1, 'b': 2}", "{'x y': -1}"), "{'a': 1, 'b': 3}"),
    Kind("empty dictionaries", "Dict[str, int]", ("{}",), "{'': 0}"),
    Kind("dictionaries by number", "Dict[int, List[str]]", ("{1: ['a'], -2: []}", "{3: ['b', 'c']}"), "{2: ['a']}"),
    Kind("dictionaries by tuple", "Dict[Tuple[int, int], str]", ("{(0, 1): 'a', (1, 0): 'b'}",),
         "{(0, 1): 'b', (1, 0): 'a'}"),
    Kind("sets", "Set[int]", ("{1, 2, 3}", "{-1}"), "{1, 2}"),
    Kind("empty sets", "Set[int]", ("set()",), "{0}"),
    Kind("values that may be None", "Optional[int]", ("5", "None", "-5"), "0"),
    Kind("lists with None", "List[Optional[str]]", ("['a', None]", "[None]"), "['a', 'b']"),
    Kind("values of one of two types", "Union[int, str]", ("1", "'1'"), "2"),
    Kind("values of any type", "Any", ("1", "'a'", "[1, 2]"), "2"),
)  # fmt: skip
