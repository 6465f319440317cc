"""What of a model's answer is code: Markdown fences, repeated signatures and stop tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from multiplt.comments import strip_comments
from multiplt.problems import Completion
from multiplt.spec import CommentSyntax

FENCE = re.compile(r"^[ \t]*```[^\n`]*\n(?P<code>.*?)(?:^[ \t]*```|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Context:
    """What an answer is read against: the prompt, how the function's definition looks, and the language's syntax."""

    prompt: str
    definition: re.Pattern[str]
    stop_tokens: Sequence[str]
    comments: CommentSyntax
    preamble: str = ""


def extract(text: str, context: Context) -> Completion:
    """Find the code in `text`, a model's answer.

    A fenced block that holds the `definition` of the function is a whole program, as is an unfenced
    answer that begins with one; an answer that repeats the prompt is its continuation; so is
    everything else, up to the first stop token.
    """
    blocks = [match["code"] for match in FENCE.finditer(text)]
    for block in blocks:
        if context.definition.search(block):
            return _unfenced(block, replace(context, stop_tokens=()))
    if blocks and text.lstrip().startswith("```"):
        text = blocks[0]
    return _unfenced(text, context)


def _unfenced(text: str, context: Context) -> Completion:
    prompt = context.prompt.strip()
    if text.lstrip().startswith(prompt):
        return Completion(_stop(text.lstrip()[len(prompt) :], context.stop_tokens))
    found = context.definition.search(text)
    if found and (not context.stop_tokens or not _code_before(text[: found.start()], context)):
        return Completion(text.strip("\n") + "\n", whole=True)
    return Completion(_stop(text, context.stop_tokens))


def _code_before(head: str, context: Context) -> bool:
    """Whether there is code, other than the language's preamble, before the definition."""
    return bool(strip_comments(head.replace(context.preamble.strip(), ""), context.comments).strip())


def _stop(text: str, stop_tokens: Sequence[str]) -> str:
    """`text` up to the first stop token in it, or to a fence, which is no code."""
    cuts = [position for token in (*stop_tokens, "\n```") if (position := text.find(token)) >= 0]
    return text[: min(cuts, default=len(text))]
