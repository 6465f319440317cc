"""What a training takes, against figures that are known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from multiplt.train.estimates import Size, disk, gpu_hours, memory

ONE_BILLION = Size(parameters=10**9, trained=10**9, layers=24, width=2048, vocabulary=49152)
ALONE = {"weights": False, "gradients": False, "optimizer": False}
STAGE_3 = dict.fromkeys(ALONE, True)


def test_states_take_16_bytes_a_weight_and_are_divided() -> None:
    assert memory(ONE_BILLION, 0, True, ALONE, 8) == 16 * 10**9
    assert memory(ONE_BILLION, 0, True, {**ALONE, "optimizer": True}, 8) == 9 * 10**9
    assert memory(ONE_BILLION, 0, True, STAGE_3, 8) == 2 * 10**9


def test_adapters_take_little_beside_the_weights() -> None:
    adapted = replace(ONE_BILLION, trained=10**6)
    assert memory(adapted, 0, True, ALONE, 1) == 2 * 10**9 + 16 * 10**6


def test_checkpointing_trades_memory_for_time() -> None:
    assert memory(ONE_BILLION, 2048, True, ALONE, 1) < memory(ONE_BILLION, 2048, False, ALONE, 1)
    assert gpu_hours(ONE_BILLION, 10**9, True) == pytest.approx(4 / 3 * gpu_hours(ONE_BILLION, 10**9, False))


def test_time_is_six_operations_a_weight_and_token() -> None:
    hours = gpu_hours(ONE_BILLION, 10**9, False)
    assert hours == pytest.approx(6e18 / (0.4 * 312e12) / 3600)


def test_disk_holds_every_epoch_and_two_states() -> None:
    assert disk(ONE_BILLION, 7) - disk(ONE_BILLION, 6) == 4 * 10**9
    assert disk(ONE_BILLION, 0) == 24 * 10**9
