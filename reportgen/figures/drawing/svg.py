"""Post-processing of matplotlib's SVG: small, accessible, and safe to embed in a page with other figures.

Pages with a strict Content-Security-Policy ignore `style` attributes and `<style>` elements, so these become
presentation attributes. Only ids with references are kept, with a prefix for each figure. Text stays text, so that it
can be selected and searched; without DejaVu Sans, Verdana has the same widths.
"""

from __future__ import annotations

import functools
import re
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterator
from itertools import groupby

from reportgen.figures.drawing.svg_path import dots, shorten, stamped

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
HREF = f"{{{XLINK}}}href"
FONTS = "DejaVu Sans, Verdana, Geneva, sans-serif"
LONG = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")
URL = re.compile(r"url\(#([^)]+)\)")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
UPRIGHT = re.compile(r"rotate\(-?0 [^)]*\)")
COORDINATES = ("d", "x", "y", "width", "height", "transform", "points")
OWN = ("d", "x", "y", "transform", "id")
"""Attributes of a path or text that a group cannot have in its place."""

FEWEST_SHARED = 2
"""Number of elements from which a group with their attributes is shorter."""

DEFAULTS = {
    ("stroke-linejoin", "round"), ("stroke-linecap", "butt"), ("fill-opacity", "1"), ("stroke-opacity", "1"),
    ("text-anchor", "start"),
}  # fmt: skip
"""Properties that have their default value."""


def tidy(source: bytes, id_: str, title: str, description: str) -> str:
    """Return an SVG as text with role, title and description, without style sheets, metadata and needless digits."""
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", XLINK)
    root = ET.fromstring(source)
    _drop(root, ("metadata", "style"))
    for element in root.iter():
        _style_to_attributes(element)
        _round(element)
    _flatten(root)
    _gather(root)
    _rename(root, f"f{zlib.crc32(id_.encode()):x}")
    _shorten(root)
    _share(root)
    root.set("stroke-linejoin", "round")
    root.set("font-family", FONTS)
    _describe(root, id_, title, description)
    return ET.tostring(root, encoding="unicode") + "\n"


def _is(element: ET.Element, name: str) -> bool:
    return element.tag == f"{{{SVG}}}{name}"


def _drop(root: ET.Element, names: tuple[str, ...]) -> None:
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.rpartition("}")[2] in names:
                parent.remove(child)


def _style_to_attributes(element: ET.Element) -> None:
    """Replace `style` with attributes, without default values; the root has the font."""
    for key, value in _declarations(element.attrib.pop("style", "")):
        element.set(key, value)


@functools.lru_cache(maxsize=256)
def _declarations(style: str) -> tuple[tuple[str, str], ...]:
    """Return the names and values of a style, which thousands of marks share."""
    parts = (part.partition(":") for part in style.split(";"))
    found = ((key.strip(), value.strip()) for key, _, value in parts)
    return tuple(
        (key, value) for key, value in found if value and (key, value) not in DEFAULTS and key != "font-family"
    )


def _round(element: ET.Element) -> None:
    """Round coordinates to hundredths of a point."""
    if UPRIGHT.fullmatch(element.get("transform", "")):
        del element.attrib["transform"]
    for key in COORDINATES:
        value = element.get(key)
        if value is not None:
            element.set(key, LONG.sub(_short, " ".join(value.split())))


def _short(found: re.Match[str]) -> str:
    text = f"{float(found[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _flatten(element: ET.Element) -> None:
    """Replace groups that have no attribute except an id with their children."""
    children: list[ET.Element] = []
    for child in element:
        _flatten(child)
        bare = _is(child, "g") and not set(child.attrib) - {"id"}
        children.extend(child if bare else [child])
    element[:] = children
    if not _is(element, "text"):
        element.text = None
    for child in children:
        child.tail = None


def _gather(root: ET.Element) -> None:
    """Merge consecutive equal markers into one path, and remove unused definitions."""
    shapes = {path.get("id", ""): path for defs in root.iter(f"{{{SVG}}}defs") for path in defs if _is(path, "path")}
    for parent in list(root.iter()):
        parent[:] = [part for run in _runs(parent) for part in _as_path(run, shapes)]
    used = {name for element in root.iter() for name in _references(element)}
    for parent in list(root.iter()):
        parent[:] = [child for child in parent if not _is(child, "defs") or any(one.get("id") in used for one in child)]


def _runs(parent: ET.Element) -> Iterator[list[ET.Element]]:
    """Yield the children in order, consecutive uses of the same marker in the same style together."""
    run: list[ET.Element] = []
    for child in parent:
        if run and (not _is(child, "use") or _appearance(run[-1]) != _appearance(child)):
            yield run
            run = []
        run.append(child)
    if run:
        yield run


def _appearance(element: ET.Element) -> dict[str, str]:
    return {key: value for key, value in element.attrib.items() if key not in ("x", "y")} | {"tag": element.tag}


def _as_path(run: list[ET.Element], shapes: dict[str, ET.Element]) -> list[ET.Element]:
    shape = shapes.get(run[0].get(HREF, "#")[1:]) if _is(run[0], "use") else None
    if shape is None:
        return run
    marker, places = shape.get("d", ""), [(float(use.get("x", "0")), float(use.get("y", "0"))) for use in run]
    attributes = {key: value for key, value in run[0].attrib.items() if key not in ("x", "y", HREF)}
    if _is_plain(attributes) and (drawn := dots(marker, places, _edge(attributes))):
        stroke = {"fill": "none", "stroke": attributes["fill"], "stroke-width": f"{drawn[1]:g}"}
        kept = {key: value for key, value in attributes.items() if not key.startswith(("fill", "stroke"))}
        if "fill-opacity" in attributes:
            kept["stroke-opacity"] = attributes["fill-opacity"]
        return [ET.Element(f"{{{SVG}}}path", {"d": drawn[0]} | kept | stroke | {"stroke-linecap": "round"})]
    path = stamped(marker, places)
    return run if path is None else [ET.Element(f"{{{SVG}}}path", {"d": path} | attributes)]


def _is_plain(attributes: dict[str, str]) -> bool:
    """Return whether a marker is filled and its edge has the same colour, or no width."""
    if attributes.get("fill", "none") == "none":
        return False
    same = all(attributes.get(f"fill{end}") == attributes.get(f"stroke{end}") for end in ("", "-opacity"))
    return same or not _edge(attributes)


def _edge(attributes: dict[str, str]) -> float:
    """Return the width of the edge of a marker."""
    return float(attributes.get("stroke-width", "1")) if attributes.get("stroke", "none") != "none" else 0.0


def _references(element: ET.Element) -> Iterator[str]:
    href = element.get(HREF, "")
    if href.startswith("#"):
        yield href[1:]
    for value in element.attrib.values():
        yield from URL.findall(value)


def _rename(root: ET.Element, prefix: str) -> None:
    used = dict.fromkeys(name for element in root.iter() for name in _references(element))
    names = {old: f"{prefix}-{number}" for number, old in enumerate(used, start=1)}
    for element in root.iter():
        old = element.attrib.pop("id", None)
        if old in names:
            element.set("id", names[old])
        for key, value in list(element.attrib.items()):
            if key == HREF and value[1:] in names:
                element.set(key, f"#{names[value[1:]]}")
            elif "url(#" in value:
                element.set(key, URL.sub(lambda found: f"url(#{names[found[1]]})", value))


def _shorten(element: ET.Element) -> None:
    """Shorten the outlines in place; merged markers, which start with "M" without a space, are short already."""
    for child in element:
        if _is(child, "path") and child.get("d", "").startswith("M "):
            child.set("d", shorten(child.get("d", "")))
        if not _is(child, "defs"):
            _shorten(child)


def _share(element: ET.Element) -> None:
    """Give consecutive paths or texts of the same style one group that has their attributes."""
    children: list[ET.Element] = []
    for _, similar in groupby(element, _style):
        part = list(similar)
        if len(part) >= FEWEST_SHARED and (common := _style(part[0])[1]):
            group = ET.Element(f"{{{SVG}}}g", dict(common))
            for child in part:
                child.attrib = {key: value for key, value in child.attrib.items() if key in OWN}
            group[:] = part
            part = [group]
        children += part
    element[:] = children
    for child in children:
        if not _is(child, "defs"):
            _share(child)


def _style(element: ET.Element) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the tag of a path or text and the attributes that a group can have in its place.

    A clip path has the coordinates of its element, so that a transformed element keeps its own.
    """
    moved = "clip-path" in element.attrib and "transform" in element.attrib
    if moved or not (_is(element, "path") or _is(element, "text")) or "opacity" in element.attrib:
        return element.tag, ()
    return element.tag, tuple(sorted((key, value) for key, value in element.attrib.items() if key not in OWN))


def _describe(root: ET.Element, id_: str, title: str, description: str) -> None:
    root.set("role", "img")
    root.set("aria-labelledby", f"{id_}-title")
    root.set("aria-describedby", f"{id_}-desc")
    for name, text in (("desc", description), ("title", title)):
        element = ET.Element(f"{{{SVG}}}{name}", {"id": f"{id_}-{name}"})
        element.text = CONTROL.sub("", text)
        root.insert(0, element)
