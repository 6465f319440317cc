"""The rule by which programs are too near to each other: a score above the threshold with one that is kept.

The score is ROUGE-Lsum's F-measure and the threshold 0.6, as in the MultiPL-T paper (OOPSLA 2024, section 4); the
program that is kept is the target. The paper's script (dedup_solutions.py in nuprl/MultiPL-T) compares with programs
that it has dropped, too, and so drops some more. Comments are to be taken out before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from multiplt.translate.rouge import Vocabulary, import_compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from multiplt.translate.compiled import Tokens

THRESHOLD = 0.6

UNINDEXED = 256
"""So many kept programs, or one in 32 of them, are compared one by one before the index is made anew."""

ROOM = 256
"""Entries of the smallest array."""


class Near(NamedTuple):
    """The first kept program that another is too near to, by its place among the kept ones, and their score."""

    keeper: int
    score: float


class Distinct:
    """Programs of which none is too near to an earlier one.

    >>> distinct = Distinct()
    >>> distinct.add("a = b + c\\nreturn a"), distinct.add("loop forever"), distinct.add("a = c\\nreturn b")
    (None, None, 0)
    >>> len(distinct)
    2

    The `vocabulary`, by default the common one, may be shared with others. Memory is some 1,400 bytes for each kept
    program of 100 tokens.

    Raises `MultipltError` where a package is missing.
    """

    def __init__(self, threshold: float = THRESHOLD, vocabulary: Vocabulary | None = None) -> None:
        import numpy as np

        self.threshold = threshold
        self.vocabulary = vocabulary or Vocabulary.common()
        self._compiled = import_compiled()
        empty, no_ends = np.zeros(0, np.int32), np.zeros(0, np.int64)
        self._kept = self._compiled.Kept(empty, no_ends, empty, 0)
        self._index = self._compiled.Index(np.zeros(1, np.int64), empty, empty, 0)
        self._bags = self._compiled.Bags(empty, empty, no_ends)
        self._overlaps = empty

    def __len__(self) -> int:
        return int(self._kept.programs)

    def add(self, text: str) -> int | None:
        """The place of the first kept program that `text` is too near to, counted from 0; None where it is now kept.

        Raises `Refused` where `text` has a line too long to be compared.
        """
        program = self.vocabulary.encode(text)
        near = self.find(program)
        if near is None:
            self.keep(program)
        return near.keeper if near else None

    def find(self, program: Tokens) -> Near | None:
        """What a program that the vocabulary encoded is too near to."""
        state = (self._kept, self._index, self._bags, self._room())
        keeper, score = self._compiled.first_near(program, self.threshold, *state)
        return Near(keeper, score) if keeper >= 0 else None

    def keep(self, program: Tokens) -> None:
        """Keep a program that the vocabulary encoded, whatever it is near to."""
        number = self._kept.programs
        end = self._kept.ends[number - 1] if number else 0
        tokens, ends = _grown(self._kept.tokens, end + len(program)), _grown(self._kept.ends, number + 1)
        sizes = _grown(self._kept.sizes, number + 1)
        tokens[end : end + len(program)] = program
        ends[number] = end + len(program)
        sizes[number] = (program != 0).sum()
        self._kept = self._compiled.Kept(tokens, ends, sizes, number + 1)
        self._add_bag(program)

    def _add_bag(self, program: Tokens) -> None:
        number = self._kept.programs - self._index.covered - 1
        start = self._bags.ends[number - 1] if number else 0
        end = start + len(program)
        tokens, times = _grown(self._bags.tokens, end), _grown(self._bags.times, end)
        ends = _grown(self._bags.ends, number + 1)
        ends[number] = start + self._compiled.make_bag(program, tokens[start:end], times[start:end], self._room())
        self._bags = self._compiled.Bags(tokens, times, ends)
        if number >= max(UNINDEXED, self._index.covered // 32):
            self._extend_index(number + 1)

    def _extend_index(self, programs: int) -> None:
        import numpy as np

        self._index = self._compiled.extend_index(self._index, self._bags, programs, self.vocabulary.size)
        self._overlaps = np.zeros(self._index.covered, np.int32)

    def _room(self) -> Any:
        return self._compiled.Room(*self.vocabulary.zeros(), self._overlaps)


def _grown(array: NDArray[Any], size: int) -> NDArray[Any]:
    """The array, or a copy that is twice as long, so that it has room for `size`."""
    import numpy as np

    if size <= len(array):
        return array
    larger = np.zeros(max(size, 2 * len(array), ROOM), array.dtype)
    larger[: len(array)] = array
    return larger
