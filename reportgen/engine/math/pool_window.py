"""Microkernels of pooling: one window, and up to 16 channels in a vector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic

from reportgen.engine.math.vectors import Emit, data_reader

CHANNELS = 16
"""Number of channels of a vector."""

MAX, AVERAGE = 0, 1


def _each_place(builder: Any, window: Any, use: Callable[[Any], None]) -> None:
    """Emit the loops over the places of a window; `use` receives the distance of a place from the first."""
    height, width, line, channels = cgutils.unpack_tuple(builder, window)
    with cgutils.for_range(builder, height) as rows:
        begin = builder.mul(rows.index, line)
        with cgutils.for_range(builder, width) as columns:
            use(builder.add(begin, builder.mul(columns.index, channels)))


def _by_width(builder: Any, real: Any, count: Any, emit_window: Callable[[Emit], None]) -> None:
    """Emit a window for full vectors and for a part of a vector."""
    with builder.if_else(builder.icmp_signed("==", count, count.type(CHANNELS))) as (full, part):
        with full:
            emit_window(Emit(builder, real, CHANNELS))
        with part:
            emit_window(Emit(builder, real, CHANNELS, count))


@intrinsic(prefer_literal=True)
def _pool_window(typingctx, kind, window, share, x, x_at, out, out_at, count):
    size, averages = types.int64, kind.literal_value == AVERAGE
    signature = types.void(kind, window, share, x, size, out, size, size)

    def codegen(context, builder, sig, values):
        data = data_reader(context, builder, sig, values)
        x, out, real = data(3, 4), data(5, 6), context.get_value_type(sig.args[3].dtype)

        def emit_window(emit):
            result = cgutils.alloca_once(builder, emit.vector)
            builder.store(emit.zeros if averages else emit.load(x), result)

            def use(place):
                value, old = emit.load(emit.at(x, place)), builder.load(result)
                if averages:
                    builder.store(builder.fadd(old, value), result)
                    return
                larger, known = builder.fcmp_unordered(">", value, old), builder.fcmp_ordered("ord", old, old)
                builder.store(builder.select(builder.and_(larger, known), value, old), result)

            _each_place(builder, values[1], use)
            total = builder.load(result)
            emit.store(builder.fmul(total, emit.spread(values[2])) if averages else total, out)

        _by_width(builder, real, values[7], emit_window)
        return context.get_dummy_value()

    return signature, codegen


def _places(window: Any) -> Any:
    height, width, line, channels = window
    return (np.arange(height)[:, None] * line + np.arange(width) * channels).ravel()


def _plain_pool_window(kind, window, share, x, x_at, out, out_at, count):
    """Compute a window without compilation."""
    values = x[x_at + _places(window)[:, None] + np.arange(count)]
    out[out_at : out_at + count] = values.sum(0) * share if kind == AVERAGE else values.max(0)


pool_window = _plain_pool_window if config.DISABLE_JIT else _pool_window
"""pool_window(kind, window, share, x, x_at, out, out_at, count)

Writes the maximum, or the sum times `share`, of the first `count` channels of a window to out. The window is (height,
width, distance of rows, distance of columns) in x from x_at on. A maximum of values with NaN is NaN.
"""


@intrinsic(prefer_literal=True)
def _spread_window(typingctx, kind, window, share, x, x_at, out, delta, out_at, dx, adds, count):
    size, averages = types.int64, kind.literal_value == AVERAGE
    signature = types.void(kind, window, share, x, size, out, delta, size, dx, types.boolean, size)

    def codegen(context, builder, sig, values):
        data = data_reader(context, builder, sig, values)
        x, out, delta, dx = data(3, 4), data(5, 7), data(6, 7), data(8, 4)
        adds = cgutils.as_bool_bit(builder, values[9])

        def emit_window(emit):
            slope = emit.load(delta)
            best = None if averages else emit.load(out)
            if averages:
                slope = builder.fmul(slope, emit.spread(values[2]))
            rest = cgutils.alloca_once_value(builder, slope)
            old = cgutils.alloca_once(builder, emit.vector)

            def use(place):
                value = slope
                if best is not None:
                    entry = emit.load(emit.at(x, place))
                    equal, unknown = (
                        builder.fcmp_ordered("==", entry, best),
                        builder.fcmp_unordered("uno", entry, entry),
                    )
                    found = builder.or_(equal, unknown)
                    value = builder.select(found, builder.load(rest), emit.zeros)
                    builder.store(builder.select(found, emit.zeros, builder.load(rest)), rest)
                target = emit.at(dx, place)
                builder.store(emit.zeros, old)
                with builder.if_then(adds):
                    builder.store(emit.load(target), old)
                emit.store(builder.fadd(value, builder.load(old)), target)

            _each_place(builder, values[1], use)

        _by_width(builder, context.get_value_type(sig.args[8].dtype), values[10], emit_window)
        return context.get_dummy_value()

    return signature, codegen


def _plain_spread_window(kind, window, share, x, x_at, out, delta, out_at, dx, adds, count):
    """Compute a window without compilation."""
    places, channels = x_at + _places(window)[:, None], np.arange(count)
    slope = delta[out_at : out_at + count]
    if kind == AVERAGE:
        values = np.broadcast_to(slope * share, (len(places), count))
    else:
        inputs, best = x[places + channels], out[out_at : out_at + count]
        first = ((inputs == best) | (inputs != inputs)).argmax(0)
        values = np.where(np.arange(len(places))[:, None] == first, slope, 0)
    dx[places + channels] = values + dx[places + channels] if adds else values


spread_window = _plain_spread_window if config.DISABLE_JIT else _spread_window
"""spread_window(kind, window, share, x, x_at, out, delta, out_at, dx, adds, count)

Writes the derivative by the inputs of `pool_window` to dx, or adds it. That of a maximum goes to its first place, or to
the first NaN; an average gives every place the derivative times `share`.
"""
