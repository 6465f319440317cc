"""The rule by which programs are too near to each other: a score above the threshold with one that is kept.

The score is ROUGE-Lsum's F-measure and the threshold 0.6, as in the MultiPL-T paper (OOPSLA 2024, section 4); the
program that is kept is the target. Programs are compared without their comments, which the caller takes out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from multiplt.translate.rouge import Vocabulary, import_package

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from multiplt.translate.lcs import Tokens

THRESHOLD = 0.6

UNINDEXED = 256
"""So many kept programs, or one in 32 of them, are compared one by one before the index is made anew."""


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

    A vocabulary may be shared with others. Memory is some 1,000 bytes for each kept program of 100 tokens.
    Raises `MultipltError` where a package is missing.
    """

    def __init__(self, threshold: float = THRESHOLD, vocabulary: Vocabulary | None = None) -> None:
        import numpy as np

        self.threshold = threshold
        self.vocabulary = vocabulary or Vocabulary()
        self._compiled = import_package(f"{__package__}.overlap")
        self._tokens = np.empty(1024, np.int32)
        self._ends = np.zeros(16, np.int64)
        self._sizes = np.zeros(16, np.int32)
        self._count = 0
        empty = np.zeros(0, np.int32)
        self._index = self._compiled.Index(np.zeros(1, np.int64), empty, empty, 0)
        self._room = self._compiled.Room(empty, empty, empty, empty)

    def __len__(self) -> int:
        return self._count

    def keeper(self, text: str) -> int | None:
        """The place of the first kept program that `text` is too near to, counted from 0; None where there is none.

        Raises `Refused` where `text` has a line too long to be compared.
        """
        near = self.find(self.vocabulary.encode(text))
        return near.keeper if near else None

    def add(self, text: str) -> int | None:
        """The same, and `text` is kept where the answer is None."""
        program = self.vocabulary.encode(text)
        near = self.find(program)
        if near is None:
            self.keep(program)
        return near.keeper if near else None

    def find(self, program: Tokens) -> Near | None:
        """What a program that the vocabulary encoded is too near to."""
        self._grow_room()
        keeper, score = self._compiled.first_near(program, self.threshold, self._kept(), self._index, self._room)
        return Near(keeper, score) if keeper >= 0 else None

    def keep(self, program: Tokens) -> None:
        """Keep a program that the vocabulary encoded, whatever it is near to."""
        end = self._ends[self._count - 1] if self._count else 0
        self._tokens = _grown(self._tokens, end + len(program))
        self._ends, self._sizes = _grown(self._ends, self._count + 1), _grown(self._sizes, self._count + 1)
        self._tokens[end : end + len(program)] = program
        self._ends[self._count] = end + len(program)
        self._sizes[self._count] = (program != 0).sum()
        self._count += 1
        covered = self._index.covered
        if self._count - covered > max(UNINDEXED, covered // 32):
            self._make_index()

    def _make_index(self) -> None:
        import numpy as np

        self._grow_room()
        self._index = self._compiled.build_index(self._kept(), self._room)
        self._room = self._room._replace(overlaps=np.zeros(self._count, np.int32))

    def _grow_room(self) -> None:
        import numpy as np

        size = self.vocabulary.size
        if size > len(self._room.counts):
            arrays = (np.zeros(2 * size, np.int32) for _ in range(3))
            self._room = self._compiled.Room(*arrays, self._room.overlaps)

    def _kept(self) -> Any:
        return self._compiled.Kept(self._tokens, self._ends, self._sizes, self._count)


def _grown(array: NDArray[Any], size: int) -> NDArray[Any]:
    """The array, or a copy that is twice as long, so that it has room for `size`."""
    import numpy as np

    if size <= len(array):
        return array
    larger = np.zeros(max(size, 2 * len(array)), array.dtype)
    larger[: len(array)] = array
    return larger
