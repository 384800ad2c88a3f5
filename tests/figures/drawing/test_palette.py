"""Colours of figures in SVG."""

from __future__ import annotations

from reportgen.figures.drawing import palette

SVG = '<svg><text fill="#222222">#222222</text><path stroke="#0072b2" fill="none"/></svg>'


def test_the_dark_figure_has_other_colours_and_the_same_text() -> None:
    ink, blue = palette.BY_NAME["ink"].dark, palette.BY_NAME["blue"].dark
    expected = f'<svg><text fill="{ink}">#222222</text><path stroke="{blue}" fill="none"/></svg>'
    assert palette.dark(SVG) == expected


def test_an_inline_figure_has_variables_that_the_style_sheet_defines_for_both_schemes() -> None:
    text = palette.inline(SVG)
    assert 'fill="var(--f-ink)">#222222<' in text
    assert palette.css().count("--f-ink:") == 2


def test_a_colour_of_a_plug_in_that_is_not_in_the_palette_stays() -> None:
    other = '<path fill="#123456"/>'
    assert palette.dark(other) == palette.inline(other) == other


def test_every_tone_has_a_name_and_a_light_colour_of_its_own() -> None:
    assert len(palette.BY_NAME) == len(palette.BY_LIGHT) == len(palette.TONES)


def test_the_ramp_gets_more_contrast_on_both_grounds() -> None:
    ground = palette.BY_NAME["ground"]
    tones = [palette.BY_LIGHT[colour] for colour in palette.RAMP]
    light = [palette.contrast(tone.light, ground.light) for tone in tones]
    dark = [palette.contrast(tone.dark, ground.dark) for tone in tones]
    assert light == sorted(light)
    assert dark == sorted(dark)
