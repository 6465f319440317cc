"""The mirror of a run's folder in a store: sent while the run works, fetched where the folder is empty.

A store cannot rename, so each content of a file gets an object with a name of its own, and one object, the state, says
which of them are the folder as it was at one moment. The newest state that can be read counts: whatever is killed, and
whenever, the mirror is a folder from which the run goes on, its shards beside what was set aside from them, and its
checkpoints whole. Objects that no state needs any more are removed after it is there. (fsspec's own `rsync` writes over
what is there, file by file, and sends a log from its beginning.)
"""

from __future__ import annotations

import os
import platform
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from multiplt.errors import MultipltError
from multiplt.mirror.lease import Lease, LeaseLost, Tell, repeating
from multiplt.mirror.log_parts import Part, begins_with, split
from multiplt.mirror.state import OBJECT, Stamp, State, file_object, look, part_object, stamp_of
from multiplt.mirror.store import BATCH, Store, StoreFailed
from multiplt.rows.atomic import replacing
from multiplt.run.config import RunSection
from multiplt.run.lock import exclusive, exclusive_file

NAME = ".mirror"
"""The file with the name under which a run's folder is known to its mirror."""

LOOKS = 10
"""At a folder, for two in a row that see the same."""


@contextmanager
def mirrored(run: RunSection, tell: Tell) -> Iterator[None]:
    """Keep the mirror of a run's folder, if it has one, while the block works on it, and send what is left at the end.

    A folder that is empty is filled from the mirror first. Raises `MultipltError` before any work where the mirror
    cannot be written, another run writes it, or it and the folder have gone different ways; in between where another
    run has taken it; and in the end where it lacks something.
    """
    if run.mirror is None:
        yield
        return
    store = Store(run.mirror)
    if store.folder and store.folder.resolve().is_relative_to(run.output.resolve()):
        raise MultipltError(f"the mirror {run.mirror} is in the run's folder {run.output}; choose another place")
    with exclusive_file(run.output.absolute()), ExitStack() as leased:
        mirror = _begin(run.output, store, tell, leased)
        try:
            with repeating(run.mirror_every, lambda: mirror.send_meanwhile(run.mirror_every, tell)):
                yield
        except BaseException:
            try:
                mirror.send_last()
            except LeaseLost:
                raise
            except MultipltError as error:
                tell(str(error))
            raise
        mirror.send_last()


def _begin(output: Path, store: Store, tell: Tell, leased: ExitStack) -> Mirror:
    with exclusive(output):
        lease = Lease(store.url, _name(output))
        try:
            lease.take(tell)
            leased.enter_context(lease.renewed())
            mirror = Mirror(output, store, lease)
            mirror.meet(tell)
        except StoreFailed as error:
            raise MultipltError(f"{error}; see that it is there and that this machine may read and write it") from error
    return mirror


def _name(output: Path) -> str:
    """The name of a run's folder. A copy of it has another, and so has the folder after it was emptied."""
    path = output / NAME
    if not path.exists() or not any(look(output)):
        with replacing(path) as file:
            file.write(secrets.token_hex(8).encode())
    return f"{path.read_text()}-{output.stat().st_ino:x}"


class Mirror:
    """The mirror of the folder `output` in `store`. Whoever uses it has the folder's lock and the lease."""

    def __init__(self, output: Path, store: Store, lease: Lease) -> None:
        self.lease = lease
        self._output, self._store = output, store
        self._objects = {name: size for name, size in store.names().items() if OBJECT.fullmatch(name)}
        self._state = self._newest()

    def _newest(self) -> State | None:
        states = (name for name in sorted(self._objects, reverse=True) if name.startswith("state-"))
        for name in states:
            with suppress(ValueError):  # its writer was killed: the one before counts
                return State.read(self._store.read(name) or b"")
        return None

    def meet(self, tell: Tell) -> None:
        """Fetch what the folder lacks; what it has beyond the mirror is sent later.

        Raises `MultipltError` where each has what the other has not.
        """
        state = self._state
        if state is None or state.folder == self.lease.folder:  # sent by the folder itself, which has gone on since
            return
        if missing := self._missing(state):
            tell(f"fetching {len(missing):,} files of the run from {self._store.url}")
            self._fetch(state, missing)
        self._publish(state.files, state.logs)

    def _missing(self, state: State) -> list[str]:
        files, logs = look(self._output)
        here, there = files.keys() | logs, state.files.keys() | state.logs.keys()
        same = {path for path, stamp in state.files.items() if files.get(path) == stamp}
        same |= {path for path in state.logs.keys() & logs if begins_with(self._output / path, state.logs[path])}
        longer = {path for path in same & logs if (self._output / path).stat().st_size > _end(state.logs[path])}
        if (here & there) - same or (there - here and (longer or here - there)):
            raise MultipltError(
                f"{self._output} and its mirror {self._store.url} have gone different ways (the mirror is of a run on "
                f"{state.host}, {state.time}); move {self._output} away to go on from the mirror, or choose another one"
            )
        return sorted(there - here)

    def _fetch(self, state: State, paths: Sequence[str]) -> None:
        for some in _batches([path for path in paths if path in state.files]):
            with ExitStack() as stack:
                asides = {path: stack.enter_context(replacing(self._output / path)) for path in some}
                self._store.get({file_object(path, state.files[path]): Path(asides[path].name) for path in some})
                for path in some:
                    os.utime(asides[path].fileno(), ns=(state.files[path].written, state.files[path].written))
        for path in (path for path in paths if path in state.logs):
            with replacing(self._output / path) as log:
                for name in (part_object(path, part) for part in state.logs[path]):
                    block = self._store.read(name)
                    if block is None:
                        raise StoreFailed(f"the mirror {self._store.url} lacks {name}")
                    log.write(block)

    def send_meanwhile(self, every: float, tell: Tell) -> None:
        """Send what is new, in a thread that does so `every` so many seconds; say where the store does not take it."""
        with self.lease.interrupting():
            try:
                self._send()
            except (StoreFailed, OSError) as error:
                tell(f"{error}; the run goes on, and sends it in {every:g} seconds")

    def send_last(self) -> None:
        """Send what is new. Raises `MultipltError` where that is not possible."""
        try:
            self.lease.check()
            if not self._send():
                raise StoreFailed(f"something still writes into {self._output}")
        except (StoreFailed, OSError) as error:
            raise MultipltError(
                f"{error}; the work is in {self._output}, and the same command sends what the mirror lacks"
            ) from error

    def _send(self) -> bool:
        """Send what is new; False where the folder is never twice the same."""
        for _ in range(LOOKS):
            files, logs = look(self._output)
            if (files, logs) == look(self._output) and self._send_files(files):
                self._publish(files, self._send_logs(logs))
                return True
        return False

    def _send_files(self, files: Mapping[str, Stamp]) -> bool:
        """Send the files that are new; False where one of them has changed by now."""
        objects = {file_object(path, stamp): path for path, stamp in files.items()}
        new = [name for name, path in objects.items() if self._objects.get(name) != files[path].size]
        for some in _batches(new):
            self._store.put({name: self._output / objects[name] for name in some})
            self._objects |= {name: files[objects[name]].size for name in some}
        return all(stamp_of(self._output / objects[name]) == files[objects[name]] for name in new)

    def _send_logs(self, paths: Iterable[str]) -> dict[str, list[Part]]:
        """Send what was added to the logs; the parts that each has now."""
        sent = self._state.logs if self._state else {}
        logs = {}
        for path in paths:
            with suppress(FileNotFoundError):  # verdicts, whose shard is done by now
                logs[path] = split(self._output / path, sent.get(path, ()), partial(self._send_part, path))
        return logs

    def _send_part(self, path: str, part: Part, block: bytes) -> None:
        name = part_object(path, part)
        if self._objects.get(name) != part.size:
            self._store.write(name, block)
            self._objects[name] = part.size

    def _publish(self, files: Mapping[str, Stamp], logs: Mapping[str, Sequence[Part]]) -> None:
        """Make this the state of the mirror, then remove the objects that it does not need."""
        before = self._state
        if before and (before.folder, before.files, before.logs) == (self.lease.folder, files, logs):
            return
        self.lease.check()
        number, now = before.number + 1 if before else 1, f"{datetime.now().astimezone():%F %T %Z}"
        state = State(number, self.lease.folder, platform.node(), now, files, logs)
        data = state.write()
        self._store.write(state.name, data)
        self._state, self._objects[state.name] = state, len(data)
        for name in self._objects.keys() - state.objects():
            self._store.remove(name)
            del self._objects[name]


def _end(parts: Sequence[Part]) -> int:
    return parts[-1].end if parts else 0


def _batches(items: Sequence[str]) -> Iterator[Sequence[str]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))
