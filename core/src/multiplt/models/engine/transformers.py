"""Transformers' own generation (https://huggingface.co/docs/transformers), for small models on any device.

Samples are drawn batch by batch. Adding Gumbel noise of a sample's own seed to its logits and taking the largest
is to sample from them (Gumbel-max trick, https://arxiv.org/abs/1411.0030), so what a sample is does not depend on
what else is in its batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from multiplt.models.base import Sampling
from multiplt.models.engine.describing import tokenizer_of
from multiplt.models.engine.jobs import Answer, Engine, Job

OWN = ("batch_size", "device", "tokenizer", "tokenizer_revision")
BATCH = 16


def check(options: Mapping[str, Any]) -> None:
    """See that the libraries are there. Raises `ImportError`."""
    for package in ("torch", "transformers"):
        if find_spec(package) is None:
            raise ImportError(package)


def load(model: str, options: Mapping[str, Any]) -> Engine:
    """The engine, up; `options` are `device`, `batch_size`, `tokenizer` and those of `from_pretrained`."""
    return TransformersEngine(model, options)


class TransformersEngine:
    """A causal language model and its tokenizer, in this process."""

    def __init__(self, model: str, options: Mapping[str, Any]) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        given = {name: value for name, value in options.items() if name not in OWN}
        name, tokenizer_given = tokenizer_of(model, options)
        self._tokenizer = AutoTokenizer.from_pretrained(name, padding_side="left", **tokenizer_given)
        self._tokenizer.pad_token = self._tokenizer.pad_token or self._tokenizer.eos_token
        device = options.get("device", "cuda" if torch.cuda.is_available() else "cpu")
        self._model = AutoModelForCausalLM.from_pretrained(model, **given).to(device).eval()
        self._context: int | None = getattr(self._model.config, "max_position_embeddings", None)
        self._batch = int(options.get("batch_size", BATCH))
        self._waiting: list[tuple[Job, list[int]]] = []

    @property
    def is_busy(self) -> bool:
        """Whether a job waits."""
        return bool(self._waiting)

    def add(self, job: Job) -> None:
        """Take a job, unless its prompt leaves no room for an answer."""
        text = job.prompt
        if job.chat:
            text = self._tokenizer.apply_chat_template(job.messages, add_generation_prompt=True, tokenize=False)
        tokens = self._tokenizer.encode(text, add_special_tokens=not job.chat)
        if not tokens:
            raise ValueError("the prompt is empty")
        if self._context and len(tokens) >= self._context:
            raise ValueError(f"the prompt has {len(tokens)} tokens and the model's context is {self._context}")
        self._waiting.append((job, tokens))

    def drop(self, id: int) -> None:
        """Forget a job that waits."""
        self._waiting = [waiting for waiting in self._waiting if waiting[0].id != id]

    def step(self) -> list[Answer]:
        """The next batch: jobs that are sampled alike, in the order in which they came."""
        if not self._waiting:
            return []
        sampling = self._waiting[0][0].sampling
        batch = [waiting for waiting in self._waiting if waiting[0].sampling == sampling][: self._batch]
        taken = {job.id for job, _ in batch}
        self._waiting = [waiting for waiting in self._waiting if waiting[0].id not in taken]
        return self._generate(batch, sampling)

    def _generate(self, batch: Sequence[tuple[Job, list[int]]], sampling: Sampling) -> list[Answer]:
        import torch

        inputs = self._tokenizer.pad({"input_ids": [tokens for _, tokens in batch]}, return_tensors="pt")
        width = inputs["input_ids"].shape[1]
        room = sampling.max_tokens if self._context is None else min(sampling.max_tokens, self._context - width)
        with torch.inference_mode():
            output = self._model.generate(
                **inputs.to(self._model.device),
                do_sample=False,
                max_new_tokens=room,
                logits_processor=_processors(sampling, [job.seed for job, _ in batch]),
                stopping_criteria=self._criteria(sampling.stop, width),
                pad_token_id=self._tokenizer.pad_token_id,
            )
        return [
            self._answer(job, len(tokens), generated.tolist())
            for (job, tokens), generated in zip(batch, output[:, width:], strict=True)
        ]

    def _criteria(self, stop: Sequence[str], width: int) -> Any:
        """Ends a row once one of the texts is in it."""
        import torch
        from transformers import StoppingCriteriaList

        def stopped(ids: Any, scores: Any, **others: Any) -> Any:
            texts = self._tokenizer.batch_decode(ids[:, width:], skip_special_tokens=True)
            return torch.tensor([any(end in text for end in stop) for text in texts], device=ids.device)

        return StoppingCriteriaList([stopped] if stop else [])

    def _answer(self, job: Job, prompt_tokens: int, generated: list[int]) -> Answer:
        end = self._model.generation_config.eos_token_id
        ends = {end} if isinstance(end, int) else set(end or ())
        cut = next((place for place, token in enumerate(generated) if token in ends), None)
        tokens = generated if cut is None else generated[:cut]
        text = self._tokenizer.decode(tokens, skip_special_tokens=True)
        found = min((place for stop in job.sampling.stop if (place := text.find(stop)) >= 0), default=None)
        is_whole = cut is not None or found is not None
        counted = len(tokens) + (cut is not None)
        return Answer(job.id, text[:found], "stop" if is_whole else "length", prompt_tokens, counted)


def _processors(sampling: Sampling, seeds: Sequence[int]) -> Any:
    import torch
    from transformers import LogitsProcessorList, TemperatureLogitsWarper, TopPLogitsWarper

    if sampling.temperature == 0:
        return LogitsProcessorList()
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]

    def with_noise(ids: Any, scores: Any) -> Any:
        noise = [torch.empty(scores.shape[1]).exponential_(generator=generator) for generator in generators]
        return scores.float() - torch.stack(noise).log().to(scores.device)

    warpers = [TemperatureLogitsWarper(sampling.temperature)]
    if sampling.top_p < 1:
        warpers.append(TopPLogitsWarper(sampling.top_p))
    return LogitsProcessorList([*warpers, with_noise])
