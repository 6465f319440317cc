"""The record channel: what a harness writes is read back, and nothing else is taken for it."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_helpers import NONCE, channel, encode, frame, returned

from multiplt.execute.records import (
    BadRecord,
    CaseResult,
    Items,
    Pairs,
    Records,
    Unknown,
    decode,
    digest,
    read_records,
    shown,
)
from multiplt.testing.strategies import decoded, typed_values
from multiplt.types import Type


@settings(max_examples=120)
@given(typed_values(max_depth=3))
def test_values_round_trip(typed: tuple[Type, Any]) -> None:
    assert repr(decode(encode(typed[1]))) == repr(decoded(typed[1]))


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"N", None),
        (b"T", True),
        (b"F", False),
        (b"i-12;", -12),
        (b"i007;", 7),
        (b"d1e3;", 1000.0),
        (b"dinf;", math.inf),
        (b"s0:", ""),
        (b"s2:\xc3\xa9", "\xe9"),
        (b"s3:a;:", "a;:"),
        (b"l0:", []),
        (b"t1:l0:", ([],)),
        (b"z2:TT", Items((True, True))),
        (b"m1:l0:N", Pairs((([], None),))),
        (b"?3:f()", Unknown("f()")),
        (b"?1:\xff", Unknown("\ufffd")),
        (b"l2:i1;s2:ab", [1, "ab"]),
        (b"i" + b"9" * 4000 + b";", 10**4000 - 1),
        (b"i" + b"9" * 4001 + b";", Unknown("an int of more than 4000 digits")),
        (b"s1:\xff", Unknown("b'\\xff', which is not UTF-8")),
        (b"s3:\xed\xa0\x80", Unknown("b'\\xed\\xa0\\x80', which is not UTF-8")),
    ],
    ids=repr,
)
def test_values(data: bytes, value: Any) -> None:
    assert decode(data) == value
    assert type(decode(data)) is type(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"i;",
        b"i1",
        b"i1.5;",
        b"i--1;",
        b"i1_0;",
        b"i 1;",
        b"i+1;",
        b"d;",
        b"dabc;",
        b"s3:ab",
        b"s-1:",
        b"s:",
        b"l2:N",
        b"l1:",
        b"m1:N",
        b"NN",
        b"N ",
        b"s2:abc",
        b"l99999999999999999999:",
        b"s" + b"9" * 5000 + b":",
        b"i" + b"x" * 5000 + b";",
        b"l+1:N",
        b"l1_0:N",
        b"q1:N",
        b":",
        b";",
        b"?5:f",
    ],
    ids=lambda data: repr(data[:20]),
)
def test_what_is_no_value(data: bytes) -> None:
    with pytest.raises(BadRecord):
        decode(data)


@pytest.mark.parametrize("levels", [150, 5_000, 500_000])
def test_nesting(levels: int) -> None:
    value = decode(b"l1:" * levels + b"N")
    if levels > 200:
        assert value == Unknown("a value nested more than 200 deep")
    assert shown(value)


def test_hostile_sizes_cost_no_time() -> None:
    started = time.perf_counter()
    decode(b"i" + b"9" * 8_000_000 + b";")
    for data in (b"l8000000:" + b"s" * 8_000_000, b"m4000000:" + b"i" * 8_000_000, b"l400000:" + b"s0:" * 200_000):
        with pytest.raises(BadRecord):
            decode(data)
    assert time.perf_counter() - started < 10


@given(st.binary(max_size=60) | st.text("NTFidslzmtv?ex0123456789:; -", max_size=60).map(str.encode))
def test_garbage_is_a_value_or_a_bad_record(data: bytes) -> None:
    for read in (
        decode,
        lambda data: read_records(data, NONCE),
        lambda data: read_records(frame(b"v0 " + data), NONCE),
    ):
        try:
            shown(read(data))
        except BadRecord:
            continue


def test_channel() -> None:
    data = channel(b"v0 i1;", b"e1 boom \xff", b"v2 l1:T")
    cases = (CaseResult(0, "returned", 1), CaseResult(1, "raised", "boom \ufffd"), CaseResult(2, "returned", [True]))
    assert read_records(data, NONCE) == Records(cases, None, complete=True)
    loading = read_records(channel(b"xSyntaxError line 1: no"), NONCE)
    assert loading == Records((), ("SyntaxError", "line 1: no"), complete=True)
    assert read_records(b"", NONCE) == Records((), None, complete=False)


def test_digest_is_the_documented_hash() -> None:
    assert digest(b"", "ffff" * 8) == 0
    assert digest(b"A", NONCE) == 66
    assert digest(b"AB", NONCE) == (66 * (2 + 0x01234) + 67) % 2147483647
    assert digest(b"A" * 1000, NONCE) != digest(b"A" * 1000, "f" + NONCE[1:])


@settings(max_examples=50)
@given(st.lists(typed_values(kinds=("int", "str", "list"), max_depth=1), max_size=3), st.data())
def test_truncated_channel_is_incomplete(typed: list[tuple[Type, Any]], data: st.DataObject) -> None:
    whole = channel(*returned(*(value for _, value in typed)))
    assert read_records(whole, NONCE).complete
    cut = read_records(whole[: data.draw(st.integers(0, len(whole) - 1))], NONCE)
    assert not cut.complete
    assert cut.cases == read_records(whole, NONCE).cases[: len(cut.cases)]


@settings(max_examples=100)
@given(st.data())
def test_one_changed_byte_is_noticed(data: st.DataObject) -> None:
    whole = bytearray(channel(*returned(1, "ab", [2.5, None])))
    position = data.draw(st.integers(0, len(whole) - 1))
    whole[position] ^= data.draw(st.integers(1, 255))
    try:
        assert not read_records(bytes(whole), NONCE).complete
    except BadRecord:
        return


@pytest.mark.parametrize(
    "data",
    [
        channel(b"v0 N") + b"x",
        channel(b"v0 N") + frame(b"v1 N"),
        channel(b"v0 N") * 2,
        channel(b"v0 N", nonce="f" * 32),
        frame(b"v0 N") + frame(f"z{NONCE} 0".encode()),
        frame(b"z"),
        frame(f"z{NONCE}".encode()),
        frame(b"q0 N"),
        frame(b""),
        frame(b"v N"),
        frame(b"v-1 N"),
        frame(b"vx N"),
        frame(b"v" + b"9" * 5000 + b" N"),
        frame(b"v0"),
        frame(b"v0 "),
        frame(b"v0 NN"),
        frame(b"xOK fine"),
        frame(b"xException a") * 2,
        b"hello",
        b":",
        b"-1:",
        b" 1:x",
        b"1 :x",
        b"99999999999999999999999:",
        b"1" * 30,
    ],
    ids=lambda data: repr(data[:30]),
)
def test_what_no_harness_writes(data: bytes) -> None:
    with pytest.raises(BadRecord):
        read_records(data, NONCE)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ([1, "a"], "[1, 'a']"),
        ((1,), "(1,)"),
        ((), "()"),
        (Items(()), "set()"),
        (Items((1, 2)), "{1, 2}"),
        (Pairs(()), "{}"),
        (Pairs((("a", Items((1,))),)), "{'a': {1}}"),
        (Unknown("#<void>"), "#<void>"),
        (None, "None"),
        (-0.0, "-0.0"),
    ],
)
def test_values_are_shown_as_python_prints_them(value: Any, text: str) -> None:
    assert shown(value) == text
