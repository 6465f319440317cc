"""Generation and validation side by side: wall time of both together over that of the longer one alone.

A server of its own process answers with the quickstart's recorded completions, each made a program of its own by a
comment, at a fixed rate: the one at which generating all of them takes as long as validating them, where there is
most to gain from doing both at once. Validation alone finds every completion in its log, generation alone only asks.
"""

from __future__ import annotations

import json
import multiprocessing
import shutil
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, ClassVar

import click
from rich.console import Console
from rich.table import Table

from multiplt.models import ModelOptions
from multiplt.plugins import installed
from multiplt.problems import Problem
from multiplt.rows import read_rows
from multiplt.run import StageContext, import_rows, run_stage
from multiplt.run.resources import open_executor, open_judge
from multiplt.run.sampling import LOG, ModelSettings
from multiplt.run.shards import read_shards
from multiplt.run.shared import Resources
from multiplt.settings import ExecuteSettings, PromptSettings, TranslationSamplingSettings
from multiplt.spec import CommentSyntax
from multiplt.translate.attempts import Attempts
from multiplt.translate.prompting import Prompts

QUICKSTART = Path(__file__).parents[1] / "examples" / "quickstart"
FAST = 100_000.0
"""Completions a second: as fast as the server can."""


class Answers(BaseHTTPRequestHandler):
    """As much of OpenAI's protocol as a client needs; the model's name says how many completions a second there are."""

    protocol_version = "HTTP/1.1"
    recorded: ClassVar[dict[str, list[str]]]
    comments: ClassVar[CommentSyntax]
    turns: ClassVar[defaultdict[str, Any]] = defaultdict(count)
    lock: ClassVar[threading.Lock] = threading.Lock()
    free_at: ClassVar[float] = 0.0

    def do_GET(self) -> None:
        self._answer({"object": "list", "data": []})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.lock:
            turn = next(self.turns[asked["prompt"]])
            cls = type(self)
            cls.free_at = max(cls.free_at, time.monotonic()) + 1 / float(asked["model"])
            at = cls.free_at
        time.sleep(max(0.0, at - time.monotonic()))
        texts = self.recorded[asked["prompt"]]
        text = f"{texts[turn % len(texts)].rstrip()}\n{self.comments.write(str(asked['seed']))}\n"
        choice = {"index": 0, "finish_reason": "stop", "text": text}
        self._answer({"id": "1", "object": "x", "created": 0, "model": "", "choices": [choice]})

    def _answer(self, value: Any) -> None:
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments: Any) -> None:
        """Nothing."""


def serve(recorded: dict[str, list[str]], comments: CommentSyntax, connection: Connection) -> None:
    """Answer until the process is ended; the port goes over `connection`."""
    Answers.recorded, Answers.comments = recorded, comments
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        connection.send(server.server_address[1])
        server.serve_forever()


class Bench:
    """Problems of one language, `n` completions each."""

    def __init__(self, language: str, n: int, port: int, execute: ExecuteSettings, problems: Path) -> None:
        self.language, self.n, self.execute, self.problems = language, n, execute, problems
        self.url = f"http://127.0.0.1:{port}/v1"
        with closing(open_executor(execute)) as executor:
            self.toolchain = open_judge(language, executor, execute).toolchain

    def stage(self, rate: float) -> Attempts:
        """The stage, with a server of that rate."""
        model = ModelSettings(f"openai:{rate:.3f}@{self.url}", "", ModelOptions(concurrency=64))
        sampling = TranslationSamplingSettings(n=self.n)
        return Attempts(self.language, model, sampling, self.execute, self.toolchain, problems=0)

    def both_s(self, rate: float, folder: Path) -> float:
        """Seconds of the stage, in a folder that may hold its completions."""
        with closing(Resources()) as shared:
            begun = time.monotonic()
            run_stage(self.stage(rate), self.problems, folder, shared=shared)
            return time.monotonic() - begun

    def generation_s(self, rate: float, folder: Path) -> float:
        """Seconds of asking alone."""
        stage, rows = self.stage(rate), list(read_shards(self.problems))
        with closing(StageContext(folder)) as context:
            begun = time.monotonic()
            stage.model.sample([stage._request(Problem.from_row(row)) for row in rows], self.n, context)
            return time.monotonic() - begun


@click.command()
@click.option("-l", "--lang", "language", default="racket", show_default=True)
@click.option("-n", default=20, show_default=True, help="Completions of each of the 35 problems.")
@click.option("--workers", type=int)
def overlap(language: str, n: int, workers: int | None) -> None:
    """Measure how much longer generating and validating takes than the longer one of them alone."""
    execute = ExecuteSettings(timeout=10.0, workers=workers)
    spec = installed().language(language).spec
    work = Path(tempfile.mkdtemp(prefix="multiplt-overlap-"))
    import_rows(read_rows(str(QUICKSTART / "functions.jsonl")), work / "functions", shard_size=6)
    run_stage(Prompts(language, PromptSettings(), execute), work / "functions", work / "prompts")
    problems = {row["name"]: row["prompt"] for row in read_shards(work / "prompts")}
    recorded = {
        problems[row["name"]]: row["completions"]
        for row in read_rows(str(QUICKSTART / "completions.jsonl"))
        if row["language"] in spec.names and row["name"] in problems
    }
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("fork").Process(target=serve, args=(recorded, spec.comments, theirs))
    server.start()
    try:
        bench = Bench(language, n, ours.recv(), execute, work / "prompts")
        bench.generation_s(FAST, work / "asked")
        (work / "alone").mkdir()
        shutil.copy(work / "asked" / LOG, work / "alone" / LOG)
        validation = bench.both_s(FAST, work / "alone")
        rate = n * len(problems) / validation
        generation = bench.generation_s(rate, work / "generated")
        both = bench.both_s(rate, work / "both")
    finally:
        server.kill()
        shutil.rmtree(work)
    table = Table("language", "completions", "a second", "generation s", "validation s", "both s", "over the longer")
    longer = max(generation, validation)
    numbers = [f"{rate:.1f}", f"{generation:.1f}", f"{validation:.1f}", f"{both:.1f}", f"×{both / longer:.2f}"]
    table.add_row(language, str(n * len(problems)), *numbers)
    Console().print(table)


if __name__ == "__main__":
    overlap()
