"""CPU time that multiplt adds to a completion over vLLM asked directly, and what that is at a rate of tokens.

The same prompts with the same seeds go through `LLM.generate` in a process of its own and through `vllm:MODEL` with
the log of completions, in turn, three times; the first prompts of each, which warm it up, are not counted. Time in
multiplt's own process is beside the engine's and is counted whole; time in the engine's process is compared. A
percentage is of one core, for completions of `--tokens` tokens. Run it in the environment of `make test-models`.

`python benchmarks/provider.py --model FOLDER`; without a model, a tiny one with random weights is made.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import click
from rich.console import Console
from rich.table import Table

from multiplt.execute.process_tree import cpu_s, descendants
from multiplt.models import ModelOptions, Request, Sampling
from multiplt.run import StageContext
from multiplt.run.sampling import ModelSettings

WARM_UP = 64
LENGTH = 32
"""Tokens of a completion that is made here: few, so that what is added shows."""
ENGINE = {"enforce_eager": True, "max_model_len": 512, "block_size": 32, "max_num_seqs": 64}
RATES = (1_000, 10_000, 100_000)

DIRECT = """
import json, resource, sys, time
from vllm import LLM, SamplingParams
job = json.load(sys.stdin)
llm = LLM(model=job["model"], enable_prefix_caching=True, disable_log_stats=True, **job["engine"])
def generate(prompts, first):
    params = [SamplingParams(temperature=0.8, top_p=0.95, max_tokens=job["length"], seed=first + i)
              for i in range(len(prompts))]
    return llm.generate(prompts, params, use_tqdm=False)
generate(job["prompts"][:job["warm_up"]], 0)
before = time.process_time()
done = generate(job["prompts"][job["warm_up"]:], job["warm_up"])
print("RESULT", (time.process_time() - before) / len(done))
"""


def direct_s(model: Path, prompts: list[str]) -> float:
    """CPU seconds of a completion, vLLM alone."""
    job = {"model": str(model), "prompts": prompts, "engine": ENGINE, "length": LENGTH, "warm_up": WARM_UP}
    environment = {**os.environ, "VLLM_ENABLE_V1_MULTIPROCESSING": "0"}
    done = subprocess.run([sys.executable, "-c", DIRECT], input=json.dumps(job), capture_output=True, text=True,
                          env=environment, check=True)  # fmt: skip
    return float(done.stdout.rpartition("RESULT")[2])


def ours_s(model: Path, prompts: list[str]) -> tuple[float, float]:
    """CPU seconds of a completion in multiplt's own process and in the engine's."""
    settings = ModelSettings(f"vllm:{model}", "", ModelOptions(concurrency=256, extra=ENGINE))
    sampling = Sampling(max_tokens=LENGTH)
    requests = [Request(str(n), prompt, seed=n, sampling=sampling) for n, prompt in enumerate(prompts)]
    with tempfile.TemporaryDirectory() as folder:
        context = StageContext(Path(folder))
        settings.sample(requests[:WARM_UP], 1, context)
        engine = descendants(os.getpid())
        before = time.process_time(), sum(map(cpu_s, engine))
        settings.sample(requests[WARM_UP:], 1, context)
        after = time.process_time(), sum(map(cpu_s, engine))
        context.close()
    count = len(requests) - WARM_UP
    return (after[0] - before[0]) / count, (after[1] - before[1]) / count


@click.command()
@click.option("--model", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-n", "count", default=2000, show_default=True, help="Completions.")
@click.option("--tokens", default=128, show_default=True, help="Tokens of a completion, for the percentages.")
def provider(model: Path | None, count: int, tokens: int) -> None:
    """Measure what multiplt adds to vLLM."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
    with tempfile.TemporaryDirectory() as folder:
        if model is None:
            sys.path.append(str(Path(__file__).parents[1] / "tests" / "models"))
            from tiny import make_tiny_model

            model = make_tiny_model(Path(folder))
        prompts = [f"def f{number}(x):\n" for number in range(count + WARM_UP)]
        rounds = [(direct_s(model, prompts), *ours_s(model, prompts)) for _ in range(3)]
    direct, own, engine = (median(values) for values in zip(*rounds, strict=True))
    added = own + max(0.0, engine - direct)
    table = Table("", "ms a completion", title=f"CPU time, {count} completions, median of three")
    for name, seconds in (("vLLM directly", direct), ("engine's process", engine), ("multiplt's process", own)):
        table.add_row(name, f"{1000 * seconds:.2f}")
    table.add_row("added", f"{1000 * added:.2f}")
    for rate in RATES:
        table.add_row(f"added at {rate:,} tokens a second", f"{added * rate / tokens:.1%} of a core")
    Console().print(table)


if __name__ == "__main__":
    provider()
