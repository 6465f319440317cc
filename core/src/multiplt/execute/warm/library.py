"""The C part of warm servers: compiled once for this machine, where a compiler is."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import threading
from functools import cache
from importlib.resources import files
from pathlib import Path

from multiplt.errors import MultipltError

FLAGS = ("-O2", "-shared", "-fPIC")


class NoCompiler(MultipltError):
    """There is no C compiler here, or it fails: programs run one-shot."""


@cache
def library() -> Path:
    """The compiled `serve.c`, in the user's cache folder; compiled now where it is not there yet.

    Raises `NoCompiler`, with the mend.
    """
    source = files(__package__).joinpath("serve.c").read_bytes()
    name = f"serve-{hashlib.sha256(source + os.uname().machine.encode()).hexdigest()[:16]}.so"
    path = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "multiplt" / name
    if not path.exists():
        _compile(source, path)
    return path


def _compile(source: bytes, path: Path) -> None:
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise NoCompiler("there is no C compiler, so programs run one-shot, which is slower; apt-get install gcc")
    aside = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        command = [compiler, *FLAGS, "-x", "c", "-", "-o", str(aside)]
        done = subprocess.run(command, input=source, capture_output=True, check=False)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            why = said[-1] if said else "it says nothing"
            mend = "apt-get install gcc libc6-dev"
            raise NoCompiler(f"{compiler} fails on serve.c, so programs run one-shot ({why}); {mend}")
        aside.rename(path)
    except OSError as error:
        raise NoCompiler(f"{path} cannot be written, so programs run one-shot ({error}); set XDG_CACHE_HOME") from error
