"""Random numbers that hang on what they are for, and on nothing else.

A number is a hash of a seed, a draw, a key (of a lead, of a seat) and a purpose. A
generator would give the n-th number to the n-th who asks; here nobody's number changes
when others come or go.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Keys = NDArray[np.uint64]

#: Constants of the finaliser of splitmix64 (G. Steele et al., OOPSLA 2014).
_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def keys_of(texts: Sequence[str]) -> Keys:
    """Return a hash of each text, the same on every machine."""
    hashed = pd.util.hash_array(np.array(texts, dtype=object), categorize=False)
    return np.asarray(hashed, dtype=np.uint64)


def uniform(
    seed: int, draws: NDArray[np.int64], key: Keys, purpose: int
) -> NDArray[np.float32]:
    """Return numbers in [0, 1), of shape ``(num_draws, num_keys)``."""
    by_draw = _mixed(draws.astype(np.uint64) + _mixed(_one(seed)))
    by_key = _mixed(key + _STEP * _one(purpose))
    bits = _mixed(by_draw[:, None] ^ by_key[None, :]) >> np.uint64(40)
    return bits.astype(np.float32) * np.float32(2.0**-24)


def _one(number: int) -> Keys:
    # An array of one: arrays wrap around silently, which is meant here; scalars warn.
    return np.array([number], dtype=np.uint64)


def _mixed(given: Keys) -> Keys:
    """Return numbers in which every bit hangs on every bit of the one given."""
    mixed = given + _STEP
    # In place: with millions of numbers, allocating costs more than computing.
    shifted = mixed >> np.uint64(30)
    mixed ^= shifted
    mixed *= _FIRST
    np.right_shift(mixed, np.uint64(27), out=shifted)
    mixed ^= shifted
    mixed *= _SECOND
    np.right_shift(mixed, np.uint64(31), out=shifted)
    mixed ^= shifted
    return mixed
