"""vLLM's offline engine (https://docs.vllm.ai), one request a sample, so that each has its own seed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from multiplt.models.engine.jobs import Answer, Engine, Job


def check(options: Mapping[str, Any]) -> None:
    """See that vLLM is there and takes the options.

    Raises `ImportError` or `TypeError`.
    """
    if find_spec("vllm") is None:
        raise ImportError("vllm")


def load(model: str, options: Mapping[str, Any]) -> Engine:
    """The engine, up; `options` are those of vLLM's `EngineArgs`."""
    return VllmEngine(model, options)


class VllmEngine:
    """An `LLMEngine` in this process, or in one for each GPU of a tensor-parallel model."""

    def __init__(self, model: str, options: Mapping[str, Any]) -> None:
        if options.get("tensor_parallel_size", 1) == 1:
            os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")  # this process is the engine's own already
        from vllm import EngineArgs, LLMEngine

        settings = {"enable_prefix_caching": True, "disable_log_stats": True, **options}
        if options.get("tokenizer", model) != model:  # vLLM would look in its repository for the model's revision
            settings.setdefault("tokenizer_revision", "main")
        self._engine = LLMEngine.from_engine_args(EngineArgs(model=model, **settings))

    @property
    def is_busy(self) -> bool:
        """Whether a request is unfinished."""
        return bool(self._engine.has_unfinished_requests())

    def add(self, job: Job) -> None:
        """Hand the request to the engine."""
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        sampling = job.sampling
        params = SamplingParams(
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_tokens=sampling.max_tokens,
            stop=list(sampling.stop),
            seed=job.seed,
            output_kind=RequestOutputKind.FINAL_ONLY,
        )
        self._engine.add_request(str(job.id), self._prompt(job), params)

    def _prompt(self, job: Job) -> Any:
        if not job.chat:
            return job.prompt
        tokenizer = self._engine.get_tokenizer()
        text = tokenizer.apply_chat_template(job.messages, add_generation_prompt=True, tokenize=False)
        return {"prompt_token_ids": tokenizer.encode(text, add_special_tokens=False)}

    def drop(self, id: int) -> None:
        """Abort the request."""
        self._engine.abort_request([str(id)])

    def step(self) -> list[Answer]:
        """One step of the whole batch."""
        if not self.is_busy:
            return []
        return [_answer(output) for output in self._engine.step() if output.finished]


def _answer(output: Any) -> Answer:
    (completion,) = output.outputs
    tokens = len(output.prompt_token_ids or ()), len(completion.token_ids)
    reason = str(completion.finish_reason)
    if reason not in ("stop", "length"):
        return Answer(int(output.request_id), completion.text, "error", *tokens, f"the engine ended it with '{reason}'")
    return Answer(int(output.request_id), completion.text, "stop" if reason == "stop" else "length", *tokens)
