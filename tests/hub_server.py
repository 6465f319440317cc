"""A small Hugging Face Hub: the part of its protocol that creating a dataset and one commit to it use."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from servers import answering


@dataclass
class Hub:
    """What lies in the one dataset of the Hub, whether that is private, and how many commits it got."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    private: bool | None = None
    commits: int = 0

    def create(self, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if self.private is not None:
            return 409, {"error": "it is there", "url": f"{self.url}/datasets/me/set"}
        self.private = asked.get("visibility") == "private" or bool(asked.get("private"))
        return 200, {"url": f"{self.url}/datasets/me/set", "name": "me/set", "id": "1"}

    def commit(self, lines: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        self.commits += 1
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                self.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "deletedFile":
                del self.files[value["path"]]
        url = f"{self.url}/datasets/me/set/commit/{self.commits}"
        return 200, {"success": True, "commitUrl": url, "commitOid": f"{self.commits:040}", "pullRequestUrl": None}

    def about(self) -> tuple[int, dict[str, Any]]:
        siblings = [{"rfilename": path} for path in self.files]
        return 200, {"id": "me/set", "private": self.private, "sha": "0" * 40, "siblings": siblings, "tags": []}

    def tree(self) -> tuple[int, list[dict[str, Any]]]:
        return 200, [{"type": "file", "path": p, "size": len(d), "oid": "0"} for p, d in self.files.items()]

    def answer(self, path: str, body: bytes) -> tuple[int, Any]:
        path = path.partition("?")[0]
        if path == "/api/repos/create":
            return self.create(json.loads(body))
        if "/preupload/" in path:
            asked = json.loads(body)["files"]
            return 200, {"files": [file | {"uploadMode": "regular", "shouldIgnore": False} for file in asked]}
        if "/commit/" in path:
            return self.commit([json.loads(line) for line in body.splitlines()])
        return self.tree() if "/tree/" in path else self.about()


@contextmanager
def hub() -> Iterator[Hub]:
    """The Hub, listening while the block runs."""
    state = Hub()
    with answering(state.answer) as port:
        state.url = f"http://127.0.0.1:{port}"
        yield state
