"""Functions a second and core, and memory, of each stage from Python files to tested, typed functions.

The input is the standard library of this Python, and what else is named. Tests are not asked of a model here: they
are calls of each function that the filters keep, with values of simple types, and say what the function returns.
Their validation is compared with one process a test, the plain way (`python -c`) and in a sandbox of its own.

A stage's rate counts the functions that it looked at, by CPU time of this process and its children; of extract and
filter together it is that of the functions in the files. Memory is the most that the process had, in MiB.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import click
from rich.console import Console
from rich.table import Table

from multiplt.asserts import Pending
from multiplt.execute.bubblewrap import Bubblewrap
from multiplt.execute.executor import Executor
from multiplt.functions import read_definition
from multiplt.rows import Row
from multiplt.run import StageContext, StageResult
from multiplt.run.engine import Stage
from multiplt.run.shards import write_source_shard
from multiplt.settings import ExecuteSettings, FilterSettings, TestgenSettings
from multiplt.source.evaluation import Evaluation
from multiplt.source.extract import Extract
from multiplt.source.files import read_files
from multiplt.source.filter import Filter
from multiplt.source.infer_types import InferTypes
from multiplt.source.typecheck import TypeCheck
from multiplt.source.validation import KeepTests
