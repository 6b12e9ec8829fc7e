"""CRC-64/NVME, S3's own default checksum, at the speed of numpy: ministack's loop over bytes takes 0.6 s per MB."""

from __future__ import annotations

import base64
import functools

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL = 0x9A6C9329AC4BC9B5
_ONES = 0xFFFF_FFFF_FFFF_FFFF
_LANES = 4096

States = NDArray[np.uint64]


def crc64nvme(content: bytes) -> str:
    """Return the checksum as S3 writes it: base64 of eight bytes, most significant first."""
    return base64.b64encode(_crc(content).to_bytes(8, "big")).decode()


def _crc(content: bytes) -> int:
    # Lanes of equal length are read side by side, each from nothing, and joined: the CRC is linear.
    length = len(content) // _LANES
    read = np.frombuffer(content, np.uint8)
    lanes = _read(np.zeros(_LANES, np.uint64), read[: length * _LANES].reshape(_LANES, length))
    over = _over(length)
    state = _ONES
    for lane in lanes.tolist():
        state = lane ^ functools.reduce(
            int.__xor__, (over[at][byte] for at, byte in enumerate(state.to_bytes(8, "little")))
        )
    return int(_read(np.array([state], np.uint64), read[None, length * _LANES :])[0]) ^ _ONES


def _read(states: States, rows: NDArray[np.uint8]) -> States:
    table = _table()
    for column in np.ascontiguousarray(rows.T):
        states = table[(states & np.uint64(0xFF)).astype(np.uint8) ^ column] ^ (states >> np.uint64(8))
    return states


@functools.cache
def _table() -> States:
    table = np.arange(256, dtype=np.uint64)
    for _ in range(8):
        table = np.where(table & np.uint64(1), (table >> np.uint64(1)) ^ np.uint64(_POLYNOMIAL), table >> np.uint64(1))
    return table


@functools.lru_cache(maxsize=16)
def _over(length: int) -> list[list[int]]:
    """Return what each byte of a state becomes by reading so many zeros, for each of its eight places."""
    states = np.concatenate([np.arange(256, dtype=np.uint64) << np.uint64(8 * at) for at in range(8)])
    zeros = np.zeros((1, length), np.uint8)
    became: list[list[int]] = _read(states, zeros).reshape(8, 256).tolist()
    return became
