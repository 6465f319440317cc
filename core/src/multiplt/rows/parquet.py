"""Rows as Parquet, of any shape.

A column whose values share a plain type is a plain Parquet column. Any other (free-form objects,
mixed types, integers beyond 64 bits, text that is no Unicode) is a column of JSON text, marked in
the schema and decoded when read, so that what is read equals what was written. Fields that only
some rows have are None in the others.
"""

from __future__ import annotations

import json
import pickle
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO

from multiplt.errors import MultipltError
from multiplt.rows.jsonl import Row, is_unicode, to_json

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

JSON = "json"
FREE_FORM = "multiplt"  # the field of our own problems: a free-form object
MARK = b"multiplt"
SCALARS = {"str", "bool", "int", "long", "float"}
BATCH_ROWS, BATCH_BYTES = 1000, 64 * 1024 * 1024


def unrepresentable(row: Row) -> str | None:
    """Why Parquet has no plain form for `row`, None where it has one."""
    if not row:
        return "a row without fields has no form in Parquet"
    for name, value in row.items():
        values = value if isinstance(value, list) else [value]
        if not is_unicode(name) or not all(is_unicode(text) for text in values if isinstance(text, str)):
            return f"the field {name!a} holds text that is no Unicode (a lone surrogate)"
    return None


def write_parquet(rows: Iterable[Row], file: BinaryIO, metadata: Mapping[str, str] | None = None) -> int:
    """Write `rows` to `file` with `metadata` in its footer and return their number.

    Rows pass through a temporary file, since a later row may bring a field or a type that the schema
    has to hold; memory stays bounded by a batch.
    """
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    with tempfile.SpooledTemporaryFile(max_size=BATCH_BYTES) as spool:
        columns, sizes = _spool(rows, spool)
        schema = _schema(columns, metadata or {})
        spool.seek(0)
        with pq.ParquetWriter(file, schema, compression="zstd", write_page_checksum=True) as writer:
            for batch in _batches(spool, sizes):
                writer.write_table(_table(batch, schema))
    return len(sizes)


def _spool(rows: Iterable[Row], spool: IO[bytes]) -> tuple[dict[str, set[str]], list[int]]:
    """Put `rows` into `spool`; the kinds of values seen in each column, and the size of each row."""
    columns: dict[str, set[str]] = {}
    sizes = []
    for row in rows:
        for name, value in row.items():
            kinds = columns.setdefault(name, set())
            if value is not None:
                kinds.add(JSON if name == FREE_FORM else _kind(value))
        data = pickle.dumps(row, pickle.HIGHEST_PROTOCOL)
        spool.write(data)
        sizes.append(len(data))
    return columns, sizes


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "bool"
        case int() if abs(value) <= 2**53:
            return "int"
        case int() if -(2**63) <= value < 2**63:
            return "long"
        case float():
            return "float"
        case str() if is_unicode(value):
            return "str"
        case list():
            kinds = {_kind(item) for item in value}
            if not kinds:
                return "list"
            return f"list {kinds.pop()}" if len(kinds) == 1 and kinds <= SCALARS else JSON
    return JSON


def _schema(columns: Mapping[str, set[str]], metadata: Mapping[str, str]) -> pa.Schema:
    import pyarrow as pa

    fields = []
    for name, kinds in columns.items():
        type = _column_type(kinds)
        fields.append(pa.field(name, type) if type else pa.field(name, pa.string(), metadata={MARK: JSON.encode()}))
    return pa.schema(fields, dict(metadata))


def _column_type(kinds: set[str]) -> pa.DataType | None:
    """The plain type that holds values of all of `kinds`, or None for a column of JSON text."""
    import pyarrow as pa

    scalars = {"str": pa.string(), "bool": pa.bool_(), "int": pa.int64(), "long": pa.int64(), "float": pa.float64()}
    if kinds == {"list"}:
        return pa.list_(pa.string())
    lists = {kind.removeprefix("list ") for kind in kinds if kind.startswith("list ")}
    if lists and not kinds - {f"list {kind}" for kind in lists} - {"list"}:  # an empty list fits any list
        scalar = _column_type(lists)
        return scalar and pa.list_(scalar)
    match sorted(kinds):
        case []:
            return pa.string()
        case [kind]:
            return scalars.get(kind)
        case ["int", "long"]:
            return pa.int64()
        case ["float", "int"]:
            return pa.float64()
    return None


def _batches(spool: IO[bytes], sizes: Iterable[int]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    held = 0
    for size in sizes:
        if batch and (len(batch) == BATCH_ROWS or held + size > BATCH_BYTES):
            yield batch
            batch, held = [], 0
        batch.append(pickle.loads(spool.read(size)))
        held += size
    if batch:
        yield batch


def _table(batch: list[Row], schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    def column(field: pa.Field) -> pa.Array:
        values = [row.get(field.name) for row in batch]
        if _is_json(field):
            values = [None if value is None else to_json(value) for value in values]
        return pa.array(values, field.type)

    return pa.Table.from_arrays([column(field) for field in schema], schema=schema)


def _is_json(field: pa.Field) -> bool:
    return (field.metadata or {}).get(MARK) == JSON.encode()


def read_parquet(path: Path) -> Iterator[Row]:
    """The rows of a Parquet file, batch by batch; the field `multiplt` is left out where it is empty.

    Raises `MultipltError` for a file that is damaged or cut off.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            encoded = [field.name for field in file.schema_arrow if _is_json(field) or field.name == FREE_FORM]
            batches = file.iter_batches(batch_size=BATCH_ROWS)
            for row in chain.from_iterable(batch.to_pylist() for batch in batches):
                for name in encoded:
                    if isinstance(row[name], str):  # other tools keep our field as a struct
                        row[name] = json.loads(row[name])
                if row.get(FREE_FORM, ...) is None:
                    del row[FREE_FORM]
                yield row
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise MultipltError(f"{path} is damaged or cut off ({reason}); fetch or make it again") from error


def read_metadata(path: Path) -> dict[str, str]:
    """What `write_parquet` put into the footer; empty for a file that is damaged or is not there."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = pq.read_schema(path).metadata or {}
    except (pa.ArrowException, OSError):
        return {}
    return {key.decode(): value.decode() for key, value in found.items()}
