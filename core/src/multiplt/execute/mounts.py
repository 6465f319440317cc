"""Which folders of the host a sandbox shows: the system's and the toolchains', never anyone's own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from multiplt.errors import MultipltError

SYSTEM_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")  # links into /usr, or folders of their own
SYSTEM_FILES = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo")
SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin")
VARIABLE = "MULTIPLT_SANDBOX_MOUNTS"


def user_mounts() -> tuple[str, ...]:
    """The folders that the user named in MULTIPLT_SANDBOX_MOUNTS, separated by colons.

    Raises `MultipltError` for one that is missing, relative, or holds home folders.
    """
    folders = [folder for folder in os.environ.get(VARIABLE, "").split(":") if folder]
    for folder in folders:
        if not Path(folder).is_absolute() or not Path(folder).is_dir():
            raise MultipltError(f"{VARIABLE} names {folder}, which is no folder; give full paths separated by colons")
        if _holds_homes(Path(folder).resolve()):
            raise MultipltError(f"{VARIABLE} names {folder}, which would show home folders; name the toolchain's own")
    return tuple(folders)


@cache
def toolchain_prefix(name: str) -> str | None:
    """The folder where a command of the host's PATH is installed, if outside /usr and safe to show.

    That of /opt/julia-1.10/bin/julia is /opt/julia-1.10. None inside home folders: only the user can
    say what of those a program may read (MULTIPLT_SANDBOX_MOUNTS).
    """
    found = None if "/" in name and not name.startswith("/") else shutil.which(name)
    if found is None:
        return None
    binary = Path(found).resolve()
    prefix = binary.parent.parent if binary.parent.name == "bin" else binary.parent
    system = [Path("/usr"), *(Path("/", folder) for folder in SYSTEM_FOLDERS)]
    if any(prefix.is_relative_to(folder) for folder in system) or _holds_homes(prefix) or _in_homes(prefix):
        return None
    return str(prefix) if _open_to_all(prefix) else None


def search_path(mounts: Iterable[str]) -> str:
    """PATH inside the sandbox: the mounted toolchains, then the system."""
    own = [str(folder) for mount in mounts for folder in (Path(mount, "bin"), Path(mount)) if folder.is_dir()]
    return ":".join([*own, *SYSTEM_PATH])


def _homes() -> list[Path]:
    return [Path.home().resolve(), Path("/home"), Path("/root")]


def _holds_homes(folder: Path) -> bool:
    return any(home.is_relative_to(folder) for home in _homes())


def _in_homes(folder: Path) -> bool:
    return any(folder.is_relative_to(home) for home in _homes())


def _open_to_all(folder: Path) -> bool:
    return all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents))
