"""Tables as text that papers and spreadsheets take: Markdown, LaTeX and CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence

Cells = Sequence[str]

ESCAPES = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


def markdown(header: Cells, rows: Sequence[Cells]) -> str:
    """A table with its first column to the left and the others to the right.

    >>> print(markdown(["run", "pass@1"], [["base", "4.7"]]), end="")
    | run | pass@1 |
    | --- | ---: |
    | base | 4.7 |
    """
    marks = ["---", *["---:"] * (len(header) - 1)]
    lines = [[cell.replace("|", r"\|") for cell in cells] for cells in (header, marks, *rows)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def latex(header: Cells, rows: Sequence[Cells]) -> str:
    r"""A `tabular` with the rules of the package booktabs.

    >>> print(latex(["run", "pass@1"], [["base_1b", "4.7"]]), end="")
    \begin{tabular}{l*{1}{r}}
    \toprule
    run & pass@1 \\
    \midrule
    base\_1b & 4.7 \\
    \bottomrule
    \end{tabular}
    """
    first, *rest = (" & ".join(map(_escaped, cells)) + r" \\" for cells in (header, *rows))
    columns = f"{{l*{{{len(header) - 1}}}{{r}}}}"
    lines = [rf"\begin{{tabular}}{columns}", r"\toprule", first, r"\midrule", *rest, r"\bottomrule"]
    return "\n".join([*lines, r"\end{tabular}", ""])


def _escaped(text: str) -> str:
    return re.sub(r"[\\~^&%$#_{}]", lambda match: ESCAPES.get(match[0], "\\" + match[0]), text)


def comma_separated(header: Cells, rows: Sequence[Cells]) -> str:
    """Lines of CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


FORMATS: dict[str, Callable[[Cells, Sequence[Cells]], str]] = {
    "markdown": markdown,
    "latex": latex,
    "csv": comma_separated,
}
