"""SVG as matplotlib writes it, made small, accessible and safe to put into a page beside others.

A page with a strict Content-Security-Policy drops `style` attributes and `<style>` elements, so both become
presentation attributes. Only ids that something refers to are kept, each with a mark of its figure before it.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterator

from reportgen.figures._svg_path import shorten

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
HREF = f"{{{XLINK}}}href"
LONG = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")
URL = re.compile(r"url\(#([^)]+)\)")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
ACROSS = re.compile(r"translate\((-?[\d.]+) 0\)")
COORDINATES = ("d", "x", "y", "width", "height", "transform", "points")


def tidy(source: str, id_: str, title: str, description: str) -> str:
    """Return the SVG text with role, title and description, without style sheets, metadata and needless digits."""
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", XLINK)
    root = ET.fromstring(source)
    _drop(root, ("metadata", "style"))
    for element in root.iter():
        _style_to_attributes(element)
        _round(element)
    _rename(root, f"f{zlib.crc32(id_.encode()):x}")
    _flatten(root)
    _hoist(root)
    _shorten(root)
    root.set("stroke-linejoin", "round")
    _describe(root, id_, title, description)
    return ET.tostring(root, encoding="unicode") + "\n"


def _drop(root: ET.Element, names: tuple[str, ...]) -> None:
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.rpartition("}")[2] in names:
                parent.remove(child)


def _style_to_attributes(element: ET.Element) -> None:
    """Turn `style` into attributes; a property that repeats what SVG does anyway is left out."""
    for part in element.attrib.pop("style", "").split(";"):
        key, _, value = part.partition(":")
        if value.strip() and (key.strip(), value.strip()) not in DEFAULTS:
            element.set(key.strip(), value.strip())


DEFAULTS = {("stroke-linejoin", "round"), ("fill-opacity", "1"), ("stroke-opacity", "1"), ("stroke-linecap", "butt")}


def _round(element: ET.Element) -> None:
    """Keep hundredths of a point, far below what any screen or printer shows; scales in transforms keep all digits."""
    for key in COORDINATES:
        value = element.get(key)
        if value is None:
            continue
        if key == "transform":
            value = re.sub(r"translate\([^)]*\)", lambda found: LONG.sub(_short, found[0]), value)
            moved = ACROSS.fullmatch(value)
            if moved and element.tag == f"{{{SVG}}}use" and "x" not in element.attrib:
                del element.attrib[key]
                element.set("x", moved[1])
                continue
        else:
            value = LONG.sub(_short, " ".join(value.split()))
        element.set(key, value)


def _short(found: re.Match[str]) -> str:
    text = f"{float(found[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _shorten(element: ET.Element) -> None:
    """Shorten the outlines in place; those in defs, letters and markers, are exact or tiny and stay as they are."""
    for child in element:
        if child.tag == f"{{{SVG}}}path":
            child.set("d", shorten(child.get("d", "")))
        if child.tag != f"{{{SVG}}}defs":
            _shorten(child)


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


def _flatten(element: ET.Element) -> None:
    """Take the children out of groups that carry nothing."""
    children: list[ET.Element] = []
    for child in element:
        _flatten(child)
        bare = child.tag == f"{{{SVG}}}g" and not child.attrib
        children.extend(child if bare else [child])
    element[:] = children
    element.text = None
    for child in children:
        child.tail = None


def _hoist(root: ET.Element) -> None:
    """Gather runs of markers that look alike in one group, which carries their look once."""
    for parent in list(root.iter()):
        runs: list[tuple[tuple[tuple[str, str], ...], list[ET.Element]]] = []
        for child in parent:
            look = _look(child)
            if runs and look and runs[-1][0] == look:
                runs[-1][1].append(child)
            else:
                runs.append((look, [child]))
        parent[:] = [part for look, run in runs for part in _grouped(look, run)]


def _look(element: ET.Element) -> tuple[tuple[str, str], ...]:
    if element.tag != f"{{{SVG}}}use":
        return ()
    return tuple((key, value) for key, value in element.attrib.items() if key not in ("x", "y", HREF, "transform"))


def _grouped(look: tuple[tuple[str, str], ...], run: list[ET.Element]) -> list[ET.Element]:
    if len(run) < 3 or not look:
        return run
    group = ET.Element(f"{{{SVG}}}g", dict(look))
    for element in run:
        for key, _ in look:
            del element.attrib[key]
        group.append(element)
    return [group]


def _describe(root: ET.Element, id_: str, title: str, description: str) -> None:
    root.set("role", "img")
    root.set("aria-labelledby", f"{id_}-title")
    root.set("aria-describedby", f"{id_}-desc")
    for name, text in (("desc", description), ("title", title)):
        element = ET.Element(f"{{{SVG}}}{name}", {"id": f"{id_}-{name}"})
        element.text = CONTROL.sub("", text)
        root.insert(0, element)
