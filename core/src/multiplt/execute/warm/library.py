"""The C part of warm servers: compiled once for this machine, where a compiler is."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from functools import cache
from importlib.resources import files
from pathlib import Path

from multiplt.errors import MultipltError

FLAGS = ("-O2", "-shared", "-fPIC", "-Wl,-z,nodelete", "-x", "c")  # a child exits by it, unloaded or not
MEND = "apt-get install gcc libc6-dev"


class NoCompiler(MultipltError):
    """There is no C compiler here, or it fails: programs run one-shot."""


@cache
def library() -> bytes:
    """The compiled `serve.c`: from the user's cache folder, or compiled now and kept there.

    Raises `NoCompiler`, with the mend.
    """
    source = files(__package__).joinpath("serve.c").read_bytes()
    made_from = source + " ".join((*FLAGS, os.uname().machine)).encode()
    name = f"serve-{hashlib.sha256(made_from).hexdigest()[:16]}.so"
    kept = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "multiplt" / name
    with suppress(OSError):
        return kept.read_bytes()
    compiled = _compile(source)
    with suppress(OSError):  # then the next process compiles it again
        kept.parent.mkdir(parents=True, exist_ok=True)
        aside = kept.with_suffix(f".{os.getpid()}")
        aside.write_bytes(compiled)
        aside.rename(kept)
    return compiled


def _compile(source: bytes) -> bytes:
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise NoCompiler(f"there is no C compiler for warm servers; {MEND}")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "serve.so")
        try:
            command = [compiler, *FLAGS, "-", "-o", str(target)]
            done = subprocess.run(command, input=source, capture_output=True, check=False)
        except OSError as error:
            raise NoCompiler(f"{compiler} does not start ({error}), so there are no warm servers; {MEND}") from error
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise NoCompiler(f"{compiler} fails on the code of warm servers ({said[-1] if said else ''}); {MEND}")
        return target.read_bytes()
