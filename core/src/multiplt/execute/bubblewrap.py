"""The default sandbox on Linux: bubblewrap, with namespaces of its own for every program.

The program sees the system's /usr and its toolchain read-only, a writable folder in memory (/work) with
its files, and itself: no network, no other process, no home folder, no variable of the environment. As
root every worker first becomes an unprivileged user of its own, since limits do not bind root.

The shell that runs the plan's commands is process 1 of their process tree: it cannot be signalled from
inside, and when it ends the kernel ends the rest. Its binary is unreadable, so that the kernel also
keeps its memory and descriptors from other processes of the same user (proc(5), "dumpable").

Two limits of what can be had without root: a program may make the record channel, a pipe of its own
user, readable again, which the digest in the last record tells; and SIGKILL to multiplt in the
millisecond in which bubblewrap forks can leave a bubblewrap process that waits and runs nothing.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath

from multiplt.errors import SandboxUnavailable
from multiplt.execute.diagnosis import why_no_namespaces
from multiplt.execute.guest_script import guest_script
from multiplt.execute.mounts import SYSTEM_FILES, SYSTEM_FOLDERS, search_path, toolchain_prefix, user_mounts
from multiplt.execute.plan import SERVER_FOLDER, Command, ExecutionPlan, Limits, Outcome
from multiplt.execute.process_tree import children
from multiplt.execute.runner import Launch, LocalSandbox
from multiplt.execute.sandbox import InfrastructureError, Stop
from multiplt.execute.seccomp import seccomp_filter
from multiplt.execute.spawn import lift
from multiplt.execute.warm.library import library
from multiplt.execute.warm.server import WarmServer
from multiplt.execute.warm.servers import ROOM, Servers

WORK = "/work"
SHELL = "/run/sh"
LIBRARY = "/run/serve.so"
GUEST_USERS = range(60001, 65000)  # unprivileged, and within what containers map
FILE_OVERHEAD = 8192  # bytes of a tmpfs that a file takes beyond its own, at most


class Bubblewrap(LocalSandbox):
    """Runs each program under `bwrap` (0.8 or later)."""

    name = "bubblewrap"

    def __init__(self, *, eager: bool = False) -> None:
        """With `eager`, a warm server is started for the first program of its kind already."""
        self._bwrap = _installed("bwrap", "bubblewrap")
        self._setpriv = _installed("setpriv", "util-linux") if os.geteuid() == 0 else None
        self._user_mounts = user_mounts()
        self._seccomp = seccomp_filter()
        self._guest_users: dict[int, tuple[int, socket.socket]] = {}
        self._lock = threading.Lock()
        self._servers = Servers(self._start_server, eager)

    def probe(self) -> None:
        """See `Sandbox.probe`."""
        try:
            outcome = self.run(ExecutionPlan({}, Command("true")))
        except InfrastructureError as error:
            raise SandboxUnavailable(f"{why_no_namespaces()} ({error})") from None
        if outcome.exit_code != 0:
            raise SandboxUnavailable(f"bubblewrap runs, but `true` fails in it: {outcome.stderr.strip()}")

    def run(self, plan: ExecutionPlan, *, slot: int = 0, stop: Stop | None = None) -> Outcome:
        """See `Sandbox.run`; in a warm server where the plan has one and it works."""
        warm = self._servers.run(plan, slot, stop) if plan.server else None
        return warm or super().run(plan, slot=slot, stop=stop)

    def try_server(self, plan: ExecutionPlan) -> None:
        """See `Sandbox.try_server`."""
        self._start_server(plan, slot=0).close()

    def kept(self) -> frozenset[int]:
        """See `Sandbox.kept`."""
        return self._servers.processes()

    def close(self) -> None:
        """See `Sandbox.close`."""
        self._servers.close()

    @contextmanager
    def launch(self, plan: ExecutionPlan, slot: int) -> Iterator[Launch]:
        """See `LocalSandbox.launch`."""
        files = {_inside(path): text for path, text in plan.files.items()}
        with ExitStack() as stack:
            yield self._launch(plan, slot, files, guest_script(plan, own_processes=True), stack)

    def _start_server(self, plan: ExecutionPlan, slot: int) -> WarmServer:
        """The server of a plan; raises `MultipltError` where it cannot be started."""
        server = plan.server
        assert server
        files = {f"{SERVER_FOLDER}/{path}": text for path, text in server.files.items()}
        ours, theirs = socket.socketpair()
        with ExitStack() as stack:
            control = lift(theirs.detach())
            stack.callback(os.close, control)
            own = {"MULTIPLT_CONTROL": str(control), "MULTIPLT_SERVE": LIBRARY, "LD_BIND_NOW": "1"}  # for every child
            environment = {**plan.environment, **own}
            script = f"ulimit -c 0; exec {shlex.join(server.run.argv)} 4>&-"
            limits = plan.limits.with_(scratch=plan.limits.scratch + ROOM)
            plan = replace(plan, environment=environment, limits=limits)
            launch = self._launch(plan, slot, files, script, stack, library=library(), keeps=server.keeps)
            return WarmServer(self, replace(launch, inherited=(*launch.inherited, control)), ours)

    def _launch(
        self, plan: ExecutionPlan, slot: int, files: Mapping[str, str], script: str, stack: ExitStack,
        library: bytes = b"", keeps: int = 0,
    ) -> Launch:  # fmt: skip
        """How to start a script of a plan with files at their places; `stack` closes what that needs."""
        inherited: list[int] = []

        def keep(descriptor: int) -> str:
            inherited.append(lift(descriptor))
            stack.callback(os.close, inherited[-1])
            return str(inherited[-1])

        options = [*_isolation(), *self._view(plan), *_writable(plan.limits, files.values(), keeps)]
        options += ["--perms", "0111", "--file", keep(os.open("/bin/sh", os.O_RDONLY | os.O_CLOEXEC)), SHELL]
        for path, text in files.items():
            options += ["--file", keep(_in_memory(text.encode("utf-8", "surrogatepass"))), path]
        if library:
            options += ["--perms", "0555", "--file", keep(_in_memory(library)), LIBRARY]
        options += ["--remount-ro", "/", "--chdir", WORK]
        if self._seccomp:
            options += ["--seccomp", keep(_in_memory(self._seccomp))]
        argv = [*self._become(slot), self._bwrap, *options, "--", SHELL, "-c", script]
        return Launch(tuple(argv), {}, tuple(inherited), tmpfs=(WORK.lstrip("/"), "dev/shm"))

    def kill(self, pid: int) -> None:
        """See `LocalSandbox.kill`; with process 1 the whole tree ends, and bubblewrap after it."""
        for victim in children(pid) or [pid]:
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)

    def _become(self, slot: int) -> list[str]:
        """The command in front that drops root to the user of this slot."""
        if self._setpriv is None:
            return []
        with self._lock:
            if slot not in self._guest_users:
                self._guest_users[slot] = _claim_user()
            user = self._guest_users[slot][0]
        return [self._setpriv, f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs"]

    def _view(self, plan: ExecutionPlan) -> list[str]:
        """What of the host can be read, and the environment."""
        options = ["--ro-bind", "/usr", "/usr"]
        for folder in SYSTEM_FOLDERS:
            path = Path("/", folder)
            if path.is_symlink():
                options += ["--symlink", str(path.readlink()), f"/{folder}"]
            elif path.is_dir():
                options += ["--ro-bind", f"/{folder}", f"/{folder}"]
        prefixes = [toolchain_prefix(command.argv[0]) for command in (*plan.checks, plan.run)]
        toolchains = dict.fromkeys([*self._user_mounts, *(prefix for prefix in prefixes if prefix)])
        for shown in (*SYSTEM_FILES, *toolchains, *plan.mounts):
            options += ["--ro-bind-try", shown, shown]
        environment = {"PATH": search_path(toolchains), "HOME": WORK, "TMPDIR": WORK, "LANG": "C.UTF-8"}
        for name, value in {**environment, **plan.environment}.items():
            options += ["--setenv", name, value]
        return options


def _isolation() -> list[str]:
    return [
        "--unshare-all", "--unshare-user", "--disable-userns", "--as-pid-1", "--die-with-parent", "--new-session",
        "--clearenv", "--hostname", "sandbox", "--proc", "/proc",
    ]  # fmt: skip


def _writable(limits: Limits, files: Iterable[str], keeps: int) -> list[str]:
    """The folders in memory, each with a size; the program's own files and what a server keeps come on top of it."""
    own = sum(len(text.encode("utf-8", "surrogatepass")) + FILE_OVERHEAD for text in files)
    return [
        "--dev", "/dev", "--size", str(limits.scratch + keeps), "--tmpfs", "/dev/shm", "--remount-ro", "/dev",
        "--size", str(limits.scratch + own), "--tmpfs", WORK, "--symlink", WORK, "/tmp",
    ]  # fmt: skip


def _inside(path: str) -> str:
    relative = PurePosixPath(path)
    if relative.is_absolute() or ".." in relative.parts or not relative.parts:
        raise ValueError(f"the file {path!r} of a plan is not inside the working folder")
    return f"{WORK}/{relative}"


def _in_memory(data: bytes) -> int:
    """A descriptor from which `data` can be read once."""
    descriptor = os.memfd_create("file", os.MFD_CLOEXEC)
    with open(descriptor, "wb", closefd=False) as file:
        file.write(data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _installed(command: str, package: str) -> str:
    path = shutil.which(command)
    if path is None:
        raise SandboxUnavailable(f"no sandbox: {command} is not here; install the package {package}")
    return path


def _claim_user() -> tuple[int, socket.socket]:
    """A user id that no other multiplt on this machine uses, held as long as the socket is open."""
    for user in GUEST_USERS:
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0multiplt-user-{user}")
            return user, claim
        except OSError:
            claim.close()
    raise InfrastructureError(f"all user ids for programs are in use ({GUEST_USERS[0]} to {GUEST_USERS[-1]})")
