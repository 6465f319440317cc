"""`none`: no sandbox at all, for those who asked for it by name.

Programs run as the user, with the user's files and network within reach; only limits, a scratch folder
and a clean environment are set, and what leaves its session outlives the program. Not safe for code
that a model wrote.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from multiplt.execute.guest_script import guest_script
from multiplt.execute.plan import ExecutionPlan
from multiplt.execute.runner import Launch, LocalSandbox


class Unsandboxed(LocalSandbox):
    """Runs each program as it is, in a temporary folder and a session of its own."""

    name = "none"
    sheltered = False

    def probe(self) -> None:
        """Nothing is needed, nothing is protected."""

    @contextmanager
    def launch(self, plan: ExecutionPlan, slot: int) -> Iterator[Launch]:
        """See `LocalSandbox.launch`."""
        folder = Path(tempfile.mkdtemp(prefix="multiplt-"))
        try:
            for path, text in plan.files.items():
                file = folder / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(text.encode("utf-8", "surrogatepass"))
            own = {"PATH": os.environ.get("PATH", os.defpath), "HOME": folder, "TMPDIR": folder, "LANG": "C.UTF-8"}
            environment = {name: str(value) for name, value in {**own, **plan.environment}.items()}
            script = f"cd {shlex.quote(str(folder))} || exit\n{guest_script(plan, own_processes=False)}"
            yield Launch(("/bin/sh", "-c", script), environment)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def kill(self, pid: int) -> None:
        """See `LocalSandbox.kill`; ends the process group."""
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
