"""The process of an engine: `python -m multiplt.models.engine.worker KIND DESCRIPTOR`.

It reads its settings from the socket at DESCRIPTOR, answers with what the model is (or with the sentence that
says why it cannot be had), then works on jobs until the other end closes the socket.
"""

from __future__ import annotations

import importlib
import os
import socket
import sys
from typing import Any

from multiplt.models.engine.jobs import Answer, Channel, Engine, read_job
from multiplt.models.engine.loading import explain
from multiplt.parent import die_with_parent


def main() -> None:
    """Load what the settings ask for, and serve it."""
    die_with_parent()
    kind, descriptor = sys.argv[1], int(sys.argv[2])
    channel = Channel(socket.socket(fileno=descriptor))
    os.dup2(2, 1)  # what libraries print belongs into the log
    (settings,) = channel.receive(wait=True)
    model, options = settings["model"], settings["options"]
    module = importlib.import_module(f"multiplt.models.engine.{kind}")
    try:
        if settings["describe"]:
            channel.send({"described": _describe(module, model, options)})
            return
        engine = module.load(model, options)
    except Exception as error:
        channel.send({"failed": explain(error, model, options)})
        raise
    channel.send({"described": {}})
    _serve(engine, channel)


def _describe(module: Any, model: str, options: dict[str, Any]) -> dict[str, Any]:
    from multiplt.models.engine.describing import describe

    module.check(options)
    return describe(model, options)


def _serve(engine: Engine, channel: Channel) -> None:
    while True:
        try:
            messages = channel.receive(wait=not engine.is_busy)
        except EOFError:
            return
        for message in messages:
            if "drop" in message:
                engine.drop(message["drop"])
                continue
            job = read_job(message)
            try:
                engine.add(job)
            except Exception as reason:  # each library has its own for a prompt that does not fit
                channel.send(Answer(job.id, finish_reason="error", error=" ".join(str(reason).split())[:300]))
        for answer in engine.step():
            channel.send(answer)


if __name__ == "__main__":
    main()
