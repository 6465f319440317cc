"""Any OpenAI-compatible server: `openai:MODEL@URL`.

One server request per sample, with the sample's own seed: what a sample is depends neither on how many
are asked together nor on which of them a resumed run still lacks. Servers that cache prefixes do the
work on a prompt once all the same.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from multiplt.errors import MultipltError
from multiplt.models.base import Model, ModelLost, ModelOptions, Request, Sample, Sampling, each_sample, in_parallel
from multiplt.models.retry import Failure, Kind, kind_of_status, persist, retry_after_s

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

T = TypeVar("T")

KEY_VARIABLES = ("MULTIPLT_API_KEY", "OPENAI_API_KEY")
KEYS = " or ".join(KEY_VARIABLES)
FORM = "name it openai:MODEL@URL, such as openai:bigcode/starcoder2-3b@http://localhost:8000/v1"
CONCURRENCY = 32
CHECK_S = 30.0  # for a server to say what it serves
HOPELESS = 32  # so many requests refused and none answered: it is not the requests

_SENTENCES: dict[Kind, str] = {
    "unreachable": "cannot reach {url} ({reason}): is the server up?",
    "slow": "{url} does not answer in time ({reason}): raise the time limit or lower the concurrency",
    "broken": "{url} keeps failing ({reason}): look at the server's log",
    "busy": "{url} turns requests away ({reason}): lower the concurrency or try later",
    "key": "{url} refuses the API key ({reason}): set " + KEYS,
    "missing": "{url} has nothing there ({reason}): does the address end in /v1, and is {model} served?",
    "refused": "{url} refuses every request ({reason}): change the settings or the model",
}


class OpenAIModel(Model):
    """A model behind an OpenAI-compatible server, completions and chat.

    The key comes from MULTIPLT_API_KEY or OPENAI_API_KEY and goes nowhere but to the server. What may
    pass (no connection, time limit, 408, 409, 429, 5xx, half an answer) is tried again with growing,
    jittered waits, `Retry-After` honoured. A request that the server refuses, or that keeps
    failing on a server that answers another, becomes a sample with `finish_reason` `error`.
    `ModelOptions.extra` holds further fields for the body of each request.

    Raises `MultipltError` when the name cannot be read or the key cannot be one.
    """

    def __init__(self, where: str, options: ModelOptions) -> None:
        self._model, self._url = _parse_name(where)
        self.name = f"openai:{self._model}@{self._url}"
        self._options = options
        self._key = _read_key()
        self._answered, self._refused = False, 0

    async def generate(self, requests: Iterable[Request] | AsyncIterable[Request]) -> AsyncGenerator[Sample, None]:
        """Yield the samples in the order of arrival; `ModelOptions.concurrency` are asked at a time (default 32)."""
        async with self._connect() as client:
            work = partial(self._sample, client)
            at_once = self._options.concurrency or CONCURRENCY
            async with aclosing(in_parallel(each_sample(requests), work, at_once)) as samples:
                async for sample in samples:
                    yield sample

    async def check(self) -> Mapping[str, Any]:
        """Make sure that the server is up, takes the key and serves the model; it need not list its models."""
        async with self._connect() as client:
            try:
                async with asyncio.timeout(CHECK_S):
                    served = await self._ask(partial(_served_models, client), retries=min(self._options.retries, 1))
            except TimeoutError:
                raise self._error(Failure("slow", f"limit: {CHECK_S:g} s to list its models")) from None
            except Failure as failure:
                if failure.kind in ("unreachable", "slow", "key"):
                    raise self._error(failure) from None
                return {}
        if served and self._model not in served:
            raise MultipltError(f"{self._url} does not serve {self._model}: use one of {', '.join(sorted(served))}")
        return served.get(self._model, {})

    def _connect(self) -> AsyncOpenAI:
        from openai import AsyncOpenAI, Timeout

        timeout = Timeout(self._options.timeout_s, connect=self._options.connect_timeout_s)
        return AsyncOpenAI(base_url=self._url, api_key=self._key or "none", timeout=timeout, max_retries=0)

    async def _sample(self, client: AsyncOpenAI, job: tuple[Request, int]) -> Sample:
        request, index = job
        try:
            sample = await self._ask(partial(self._complete, client, request, index), self._options.retries)
        except Failure as failure:
            if failure.kind == "missing":
                await self.check()  # its sentence names the models that are served
            self._refused += failure.kind == "refused"
            hopeless = self._refused >= HOPELESS and not self._answered
            if hopeless or not await self._is_to_blame(request, failure, client):
                raise self._error(failure) from None
            return Sample(request.id, index, "", "error", error=failure.reason)
        self._answered = True
        return sample

    async def _is_to_blame(self, request: Request, failure: Failure, client: AsyncOpenAI) -> bool:
        """Whether it is the request that fails, not the server: that one still answers the least one can ask."""
        if failure.kind not in ("slow", "broken"):
            return failure.kind == "refused"
        least = Request("least", "1", sampling=Sampling(max_tokens=1), chat=request.chat)
        try:
            await self._attempt(partial(self._complete, client, least, 0))
        except Failure as other:
            return other.kind == "refused"
        return True

    async def _ask(self, question: Callable[[], Awaitable[T]], retries: int) -> T:
        return await persist(lambda: self._attempt(question), retries, self.name)

    async def _attempt(self, question: Callable[[], Awaitable[T]]) -> T:
        """One attempt within the time limits. Raises `Failure` for what the server or the way to it does."""
        import openai

        try:
            async with asyncio.timeout(self._options.timeout_s):
                return await question()
        except (TimeoutError, openai.APITimeoutError):
            limits = f"{self._options.connect_timeout_s:g} s to connect, {self._options.timeout_s:g} s in all"
            raise Failure("slow", f"limits: {limits}") from None
        except openai.APIStatusError as error:
            reason = f"{error.status_code}: {self._clean(_server_message(error))}"
            wait = retry_after_s(error.response.headers)
            raise Failure(kind_of_status(error.status_code), reason, wait) from None
        except openai.APIConnectionError as error:
            raise Failure("unreachable", self._clean(str(error.__cause__ or error))) from None
        except UnicodeEncodeError:
            raise Failure("refused", "the prompt holds half a surrogate pair, which is no Unicode text") from None
        except (json.JSONDecodeError, UnicodeDecodeError, openai.OpenAIError):
            raise Failure("broken", "its answer is not JSON") from None

    async def _complete(self, client: AsyncOpenAI, request: Request, index: int) -> Sample:
        settings: dict[str, Any] = {
            "model": self._model,
            "temperature": request.sampling.temperature,
            "top_p": request.sampling.top_p,
            "max_tokens": request.sampling.max_tokens,
            "seed": request.sample_seed(index),
            "extra_body": dict(self._options.extra),
        }
        if request.sampling.stop:
            settings["stop"] = list(request.sampling.stop)
        if not request.chat:
            return _read_answer(request, index, await client.completions.create(prompt=request.prompt, **settings))
        system = [{"role": "system", "content": request.system}] if request.system is not None else []
        settings["messages"] = [*system, {"role": "user", "content": request.prompt}]
        return _read_answer(request, index, await client.chat.completions.create(**settings))

    def _clean(self, text: str) -> str:
        """A server's text on one line, cut, without the key."""
        hidden = text.replace(self._key, "***") if self._key else text
        return " ".join(hidden.split())[:300]

    def _error(self, failure: Failure) -> MultipltError:
        kind = ModelLost if failure.kind in ("unreachable", "slow", "broken", "busy") else MultipltError
        return kind(_SENTENCES[failure.kind].format(url=self._url, model=self._model, reason=failure.reason))


def _parse_name(where: str) -> tuple[str, str]:
    # what cannot be read is not repeated in the error: it may hold a password
    match = re.fullmatch(r"(\S+?)@(https?://\S+)", where)
    if not match:
        raise MultipltError(f"what follows openai: names no model and server: {FORM}")
    model, url = match.groups()
    try:
        parts = urlsplit(url)
        valid = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid or "@" in parts.netloc or parts.query or parts.fragment:
        raise MultipltError(
            f"the address of {model}'s server must be host, port and path alone, and a key goes into {KEYS}: {FORM}"
        )
    return model, url.rstrip("/")


def _read_key() -> str:
    for variable in KEY_VARIABLES:
        key = os.environ.get(variable, "").strip()
        if key and not re.fullmatch(r"[!-~]+", key):
            raise MultipltError(
                f"{variable} holds spaces or characters outside ASCII, which no API key has: set it again"
            )
        if key:
            return key
    return ""


async def _served_models(client: AsyncOpenAI) -> dict[str, dict[str, Any]]:
    """The models that a server lists, each with its context length in tokens where the server tells it."""
    try:
        listed = [model.to_dict() for model in (await client.models.list()).data]
        return {str(m["id"]): {"context_length": m["max_model_len"]} if "max_model_len" in m else {} for m in listed}
    except (AttributeError, LookupError, TypeError):
        return {}


def _read_answer(request: Request, index: int, answer: Any) -> Sample:
    try:
        choice = answer.choices[0]
        text = (choice.message.content or "") if request.chat else choice.text
        asked, given = (answer.usage.prompt_tokens, answer.usage.completion_tokens) if answer.usage else (None, None)
        if not isinstance(text, str):
            raise TypeError("no text")
    except (AttributeError, LookupError, TypeError):  # the openai package does not validate what it reads
        raise Failure("broken", "its answer is not what the OpenAI API specifies") from None
    if choice.finish_reason in ("abort", "error", "content_filter"):
        why = f"the server ended it with '{choice.finish_reason}'"
        return Sample(request.id, index, text, "error", asked, given, why)
    return Sample(request.id, index, text, "length" if choice.finish_reason == "length" else "stop", asked, given)


def _server_message(error: APIStatusError) -> str:
    message = error.body.get("message") if isinstance(error.body, dict) else error.body
    return str(message or error.response.reason_phrase)
