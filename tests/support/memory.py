"""The ports' twins in memory, as tests know them."""

from __future__ import annotations

from local.twins import (
    LocalService,
    MemoryBuckets,
    MemoryBus,
    MemoryDeclarations,
    MemoryLedger,
    MemoryObjects,
    MemoryQueues,
)

__all__ = [
    "LocalService",
    "MemoryBuckets",
    "MemoryBus",
    "MemoryDeclarations",
    "MemoryLedger",
    "MemoryObjects",
    "MemoryQueues",
]
