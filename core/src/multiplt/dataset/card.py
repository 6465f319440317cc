"""The card of a training set: a README.md as the Hub reads it, with what is known and what is not."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from multiplt.dataset.facts import RunFacts, facts_of, licences
from multiplt.dataset.folder import CARD, CARD_MARK, About, data_path, is_own_card, read_about
from multiplt.errors import MultipltError
from multiplt.rows import replacing
from multiplt.run import StageSummary

NOT_KNOWN = "not known"
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
"""The Hub's classes of sizes (https://github.com/huggingface/hub-docs/blob/main/datasetcard.md)."""

MOST_REASONS = 12
CHOSEN = {
    "dedup": "no near-duplicates: of programs whose ROUGE-Lsum F-measure exceeds {threshold}, one is kept, "
    "first within a function, then across all",
    "random": "one translation of each function, drawn at random (seed {seed})",
    "best": "one translation of each function, from the run in which its pass rate is highest",
    "all": "every validated translation",
}
FIELDS = {
    "content": "the program: its comment, signature and body",
    "pass_rate": "the share of the model's completions for the function that passed its tests",
    "id": "the number of the row in its split",
    "original_id": "the id of the Python function that was translated",
    "tests": "the tests of the function, translated; the program passed them",
    "edu_score": "a score of educational value, where the translations came with one; none is computed here",
}
LIMITS = (
    "A program is validated by the tests of the function that it translates, which a model may have written. Passing "
    "them is no proof that it is right, idiomatic or safe.",
    "The functions are self-contained, short, and of the kind whose arguments and results can be written down; "
    "programs that use files, networks, libraries or state are not represented.",
    "The programs were written by a model and show its habits.",
    "What a language cannot express was left out, so that the languages do not hold translations of the same "
    "functions.",
)


def write_card(folder: Path, runs: Sequence[Path], name: str, model: str | None) -> Path:
    """Write the card of the training set in `folder`, called `name`, from what the folders of `runs` say.

    `model` is the one that translated, where a run's folder does not say it. Returns the path of the card.

    Raises `MultipltError` where a folder is not what it should be, or there is a card of someone else's.
    """
    about = read_about(folder)
    if not is_own_card(folder):
        raise MultipltError(f"{folder / CARD} was not written by multiplt; move it away to have one written")
    languages = [*about.splits]
    found = facts_of(runs, languages)
    text = card(about, name, model, found, licences(folder, runs, languages))
    with replacing(folder / CARD) as file:
        file.write(text.encode())
    return folder / CARD


def card(
    about: About,
    name: str,
    model: str | None,
    found: Mapping[str, Sequence[RunFacts]],
    licences: Counter[str | None],
) -> str:
    """The text of a card."""
    parts = [
        _front_matter(about, name, licences),
        f"# {name}\n\n{CARD_MARK}\n",
        _introduction(about),
        _splits(about),
        "## Fields\n\n" + "".join(f"- `{field}`: {text}\n" for field, text in FIELDS.items()),
        _making(about, model, found),
        *(_funnels(about, found)),
        _licences(licences),
        "## Limits\n\n" + "".join(f"- {limit}\n" for limit in LIMITS),
    ]
    return "\n".join(parts)


def _front_matter(about: About, name: str, licences: Counter[str | None]) -> str:
    """Metadata in YAML, of which JSON is a part."""
    rows = sum(split.rows for split in about.splits.values())
    fields = {
        "pretty_name": name,
        "license": licence_id(licences),
        "language": ["code"],
        "task_categories": ["text-generation"],
        "size_categories": [next((size for most, size in SIZES if rows < most), "1M<n<10M")],
        "tags": ["code", "multiplt", *about.splits],
    }
    lines = [f"{field}: {json.dumps(value, ensure_ascii=False)}" for field, value in fields.items()]
    lines += ["configs:", "- config_name: default", "  data_files:"]
    for language in about.splits:
        lines += [f"  - split: {json.dumps(language)}", f"    path: {json.dumps(data_path(language))}"]
    return "\n".join(["---", *lines, "---", ""])


def licence_id(licences: Counter[str | None]) -> str:
    """The Hub's word for the licences of the sources: the one that all have, `other` or `unknown`.

    >>> licence_id(Counter({"MIT": 3})), licence_id(Counter({"MIT": 3, None: 1})), licence_id(Counter({None: 4}))
    ('mit', 'other', 'unknown')
    """
    named = [licence for licence in licences if licence]
    if not named:
        return "unknown"
    only = named[0].lower()
    return only if len(licences) == 1 and re.fullmatch(r"[a-z0-9]+([.-][a-z0-9]+)*", only) else "other"


def _introduction(about: About) -> str:
    rows = sum(split.rows for split in about.splits.values())
    return (
        f"{rows:,} programs in {_listed(about.splits)}, each a translation of a Python function that passed the "
        "function's tests, translated with it. Made with multiplt, by the method of MultiPL-T "
        "([Cassano et al., OOPSLA 2024](https://doi.org/10.1145/3689735)).\n\n"
        "```python\nimport datasets\n\n"
        f'rows = datasets.load_dataset("OWNER/NAME", split="{next(iter(about.splits))}")\n```\n'
    )


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _splits(about: About) -> str:
    rows = [
        (language, f"{split.rows:,}", f"{split.functions:,}", f"{split.pass_rate:.1%}")
        for language, split in about.splits.items()
    ]
    return "## Splits\n\n" + _table(("split", "rows", "functions", "mean pass rate"), rows)


def _making(about: About, model: str | None, found: Mapping[str, Sequence[RunFacts]]) -> str:
    chosen = CHOSEN[about.strategy].format(seed=about.seed, threshold=about.threshold)
    rows = [("chosen", chosen)]
    rows += [("made with", ", ".join(f"{name} {version}" for name, version in about.versions.items()))]
    for language, facts in found.items():
        for fact in facts:
            rows += [(f"{language}: {title}", text) for title, text in _settings(fact, model)]
        if not facts:
            rows += [(f"{language}: model", public_name(model) if model else NOT_KNOWN)]
            rows += [(f"{language}: sampling, execution", NOT_KNOWN)]
    return "## How it was made\n\n" + _table(("", ""), rows)


def _settings(fact: RunFacts, model: str | None) -> Iterator[tuple[str, str]]:
    """What is known of how a run was set, by title."""
    config = fact.settings
    name = model or (config and config.model.name)
    yield "model", public_name(name) if name else NOT_KNOWN
    sampling = [f"{name} {value}" for name, value in fact.sampling.items()]
    if problems := fact.stages[-1].rows_in:
        sampling.append(f"{fact.completions / problems:.3g} completions for each problem")
    sampling += [f"seed {config.run.seed}"] if config else []
    yield "sampling", ", ".join(sampling) or NOT_KNOWN
    if config:
        shown = "with" if config.prompts.canonical else "without"
        yield "prompts", f"for {config.prompts.style}, {shown} the Python solution"
        limits = f"{config.execute.timeout:g} s and {config.execute.memory} MiB for a program"
    yield "executed by", f"{fact.toolchain or NOT_KNOWN}{f', {limits}' if config else ''}"


def _funnels(about: About, found: Mapping[str, Sequence[RunFacts]]) -> Iterable[str]:
    chosen = {stage["stage"]: _as_summary(stage) for stage in about.stages}
    yield "## Funnel and yield\n"
    for language, facts in found.items():
        last = chosen.get(f"{about.strategy} {language}")
        for fact in facts:
            functions, problems = fact.functions, fact.stages[-1].rows_in
            validated = fact.stages[-1].rows_kept
            yield (
                f"### {language}\n\n{functions:,} functions became {problems:,} problems; {fact.solved:,} of them "
                f"({_share(fact.solved, problems)}) have a validated translation. {validated:,} of "
                f"{fact.completions:,} completions ({_share(validated, fact.completions)}) are distinct programs that "
                "passed.\n\n" + _funnel([*fact.stages, *([last] if last else [])])
            )
        if not facts:
            known = _funnel([last]) if last else ""
            yield f"### {language}\n\nHow the translations came about is {NOT_KNOWN}: no run was given.\n\n{known}"


def _as_summary(stage: Mapping[str, Any]) -> StageSummary:
    return StageSummary(**{**stage, "reasons": Counter(stage["reasons"])})


def _funnel(stages: Sequence[StageSummary]) -> str:
    rows = []
    for stage in stages:
        made = stage.rows_in + stage.expanded
        rows.append((stage.stage, f"{made:,}", "", "came in" if not stage.expanded else "were made"))
        listed = stage.reasons.most_common(MOST_REASONS)
        rest = stage.reasons.total() - sum(count for _, count in listed)
        for reason, count in [*listed, *([("other reasons", rest)] if rest else [])]:
            rows.append(("", f"{count:,}", _share(count, made), f"set aside: {reason}"))
        rows.append(("", f"{stage.rows_kept:,}", _share(stage.rows_kept, made), "kept"))
    return _table(("stage", "rows", "share", ""), rows)


def _licences(licences: Counter[str | None]) -> str:
    title = "## Licences of the sources\n\n"
    if not any(licences):
        return title + (
            f"The licences of the Python functions are {NOT_KNOWN}: the rows of the functions do not say them. The "
            "programs are derived from these functions; look up their licences before you share them.\n"
        )
    rows = [(licence or NOT_KNOWN, f"{count:,}") for licence, count in licences.most_common()]
    return (
        title
        + "By the rows of the functions, each program being derived from one:\n\n"
        + _table(("licence", "rows"), rows)
    )


def public_name(model: str) -> str:
    """The name of a model without what is private to a machine: the address of a server, the folders of a path.

    >>> public_name("openai:star@http://10.0.0.7:8000/v1"), public_name("vllm:/home/me/models/star")
    ('openai:star', 'vllm:star')
    """
    scheme, colon, where = model.partition(":")
    where = where.partition("@http")[0]
    return f"{scheme}{colon}{Path(where).name if where.startswith(('/', '~', '.')) else where}"


def _share(count: int, of: int) -> str:
    return f"{count / of:.1%}" if of else NOT_KNOWN


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown, its cells as text."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return re.sub(r"([|<>*_`\[\]\\])", r"\\\1", " ".join(text.split()))
