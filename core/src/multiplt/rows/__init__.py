"""Rows in and out: files and folders of several forms, Hub datasets and benchmarks, told apart by what is there."""

from __future__ import annotations

from multiplt.rows.atomic import replacing
from multiplt.rows.benchmarks import is_benchmark
from multiplt.rows.hub import is_hub_name
from multiplt.rows.jsonl import Row
from multiplt.rows.multipl_e import (
    read_completions_folder,
    read_results_folder,
    results_path,
    write_results_file,
)
from multiplt.rows.reading import read_rows
from multiplt.rows.rejected import Rejected, set_aside
from multiplt.rows.writing import write_rows

__all__ = [
    "Rejected",
    "Row",
    "is_benchmark",
    "is_hub_name",
    "read_completions_folder",
    "read_results_folder",
    "read_rows",
    "replacing",
    "results_path",
    "set_aside",
    "write_results_file",
    "write_rows",
]
