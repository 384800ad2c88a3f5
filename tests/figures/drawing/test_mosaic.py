"""Small images keep their colours, shapes and order in a picture."""

from __future__ import annotations

import numpy as np

from reportgen.figures.drawing.mosaic import DIVERGING, FRAME, GREYS, MISSING, coloured, composed, place, signed, tile


def test_zero_is_white_and_equal_sizes_are_equally_dark() -> None:
    shades = signed(np.array([[-1.0, 0.0, 1.0]]), 1.0)
    assert shades[0, 1].tolist() == [255, 255, 255]
    assert shades[0, 0, 2] > shades[0, 0, 0]  # blue
    assert shades[0, 2, 0] > shades[0, 2, 2]  # orange
    assert DIVERGING.N % 2 == 1


def test_values_outside_of_the_range_are_cut_and_missing_ones_are_grey() -> None:
    shades = coloured(np.array([[-9.0, 9.0, np.nan]]), GREYS, 0.0, 1.0)
    assert shades[0].tolist() == [[0, 0, 0], [255, 255, 255], MISSING.tolist()]
    assert composed(np.array([[[np.nan, 0.0, 0.0]]]), 1.0)[0, 0].tolist() == MISSING.tolist()


def test_a_constant_image_has_the_lowest_colour() -> None:
    assert np.unique(coloured(np.full((2, 2), 3.0), GREYS, 3.0, 3.0)).tolist() == [0]


def test_images_are_in_rows_with_a_frame() -> None:
    shades = np.arange(3, dtype=np.uint8).reshape(3, 1, 1, 1).repeat(2, 1).repeat(3, 2).repeat(3, 3)
    sheet = tile(shades, 2)
    assert sheet.shape[0] == sheet.shape[1]
    half = sheet.shape[0] // 2
    centres = [sheet[half // 2 + dy * half, half // 2 + dx * half] for dy in (0, 1) for dx in (0, 1)]
    assert [centre.tolist() for centre in centres] == [[0, 0, 0, 255], [1, 1, 1, 255], [2, 2, 2, 255], [0, 0, 0, 0]]
    assert (sheet == FRAME).all(axis=-1).any()


def test_places_are_the_centres_of_images() -> None:
    assert place(0, 4, 1.0, 2.0, 0.8) == (1.4, 2.4)
    x, y = place(5, 4, 1.0, 2.0, 0.8)
    assert np.allclose((x, y), (1.4 + 0.9, 2.4 + 0.9))
