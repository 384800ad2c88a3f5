"""Counter-based random numbers in kernels: each is a hash of (key, counter), independent of the order of calls."""

from __future__ import annotations

import numpy as np

from reportgen.data.streams import stream
from reportgen.engine.jit.compile import internal, kernel

_MULTIPLIER_A = np.uint32(0x7FEB352D)
_MULTIPLIER_B = np.uint32(0x846CA68B)
_SHIFT_16 = np.uint32(16)
_SHIFT_15 = np.uint32(15)
_SHIFT_32 = np.uint64(32)


def key_words(seed: int, purpose: str) -> np.ndarray:
    """Return the key of the random numbers of a purpose in a run, (2,) uint32."""
    return stream(seed, purpose).integers(0, 2**32, size=2, dtype=np.uint32)


@kernel
def mix(x):
    """Return a 32-bit hash of x (the lowbias32 finalizer of C. Wellons, 2018)."""
    x = np.uint32(x)
    x ^= x >> _SHIFT_16
    x = np.uint32(x * _MULTIPLIER_A)
    x ^= x >> _SHIFT_15
    x = np.uint32(x * _MULTIPLIER_B)
    x ^= x >> _SHIFT_16
    return x


@kernel
def subkey(keys, layer, step):
    """Return the 32-bit key of a layer at a step."""
    return mix(np.uint32(mix(np.uint32(keys[0] + np.uint32(step))) ^ np.uint32(keys[1] + np.uint32(layer))))


@kernel
def dropout_mask(key, rate, scale, mask):
    """Fill `mask` with `scale` for units that are kept, and 0 with probability `rate`."""
    threshold = np.uint32(min(rate * 4294967296.0, 4294967295.0))
    zero = mask.dtype.type(0)
    for i in range(mask.size):
        drawn = mix(np.uint32(mix(np.uint32(i)) + key))
        mask[i] = zero if drawn < threshold else scale


@internal
def shuffle(key, order):
    """Fill `order` with a random permutation of 0, 1, ... (Fisher and Yates 1938, in place as in Durstenfeld 1964).

    A random index below m is the upper half of m times a 32-bit number; its bias is below m / 2^32.
    """
    for i in range(order.size):
        order[i] = i
    for i in range(order.size - 1, 0, -1):
        drawn = np.uint64(mix(np.uint32(mix(np.uint32(i)) + key)))
        j = np.int64((drawn * np.uint64(i + 1)) >> _SHIFT_32)
        order[i], order[j] = order[j], order[i]
