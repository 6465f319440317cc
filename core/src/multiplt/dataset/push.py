"""A training set goes to the Hugging Face Hub."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from multiplt.dataset.folder import CARD, data_path, read_about
from multiplt.errors import MultipltError, UsageError

NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
LIBRARY = "huggingface_hub"


def files_to_send(folder: Path) -> dict[str, int]:
    """What of a training set goes to the Hub, each file with its size in bytes: the card, if there is one, and data.

    Raises `MultipltError` where `folder` is no training set, or a file of it is missing.
    """
    paths = [data_path(language) for language in read_about(folder).splits]
    if missing := [path for path in paths if not (folder / path).is_file()]:
        raise MultipltError(f"{folder} lacks {missing[0]}; build it again with multiplt dataset build")
    has_card = (folder / CARD).is_file()
    return {path: (folder / path).stat().st_size for path in ([CARD] if has_card else []) + paths}


def check_name(name: str) -> None:
    """Raise `UsageError` where `name` cannot be a dataset's on the Hub."""
    if not NAME.fullmatch(name):
        raise UsageError(f"{name} is no name on the Hub; write it as OWNER/NAME")


def push(folder: Path, name: str, *, private: bool) -> str:
    """Send a training set to the dataset `name`, in one commit that replaces its data; the address of the commit.

    Raises `MultipltError` where the library or a token is missing, the Hub does not answer or refuses, or a private
    dataset is asked for and a public one is there.
    """
    files = files_to_send(folder)
    hub = _library()
    if hub.get_token() is None:
        raise MultipltError("there is no token for the Hub; call hf auth login, or set HF_TOKEN")
    api = hub.HfApi(library_name="multiplt")
    with _answering(name):
        api.create_repo(name, repo_type="dataset", private=private, exist_ok=True)
        is_private = api.repo_info(name, repo_type="dataset").private
    if private and not is_private:
        raise MultipltError(f"{name} is there and public; make it private on the Hub, or choose another name")
    with _answering(name):
        old = [path for path in api.list_repo_files(name, repo_type="dataset") if path.startswith("data/")]
        operations = [hub.CommitOperationAdd(path, str(folder / path)) for path in files]
        operations += [hub.CommitOperationDelete(path) for path in old if path not in files]
        commit = api.create_commit(name, operations, repo_type="dataset", commit_message="A training set of multiplt")
    return str(commit.commit_url)


def _library() -> Any:
    try:
        return importlib.import_module(LIBRARY)
    except ImportError:
        raise MultipltError(f"sending to the Hub needs the package {LIBRARY}; pip install multiplt[hub]") from None


@contextmanager
def _answering(name: str) -> Iterator[None]:
    """Turn what goes wrong with the Hub into one sentence."""
    try:
        yield
    except Exception as error:  # the library raises many kinds, its own and those of the libraries below it
        reason = " ".join(str(error).split()) or type(error).__name__
        mend = "check the network, the name and the token's rights"
        raise MultipltError(f"cannot send to {name} on the Hub ({reason}); {mend}") from error
