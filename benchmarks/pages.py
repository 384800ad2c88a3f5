"""Checks of finished pages in a browser: accessibility, messages of the console, size, width and length.

`python -m benchmarks.pages REPORT...` opens the page of each report in Chromium, light and dark, at the width of a
desktop and of a phone and at a zoom of 200%, and prints a line for each page: violations that axe-core finds, messages
of the console, megabytes, elements wider than the page, and screens before the section on methods. The exit code is 1
if a page has a violation, a message or too wide an element, or is larger than 1.5 MB.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DESKTOP, PHONE, ZOOMED = (1280, 800), (390, 844), (640, 400)
"""Windows in CSS pixels; a zoom of 200% halves those of the desktop."""

WINDOWS = {"desktop": DESKTOP, "phone": PHONE, "zoomed": ZOOMED}
VIEWS = tuple((window, scheme) for window in WINDOWS for scheme in ("light", "dark"))

MOST_BYTES = 1_500_000
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice")

WIDE = """() => {
  const edge = document.documentElement.clientWidth + 1;
  const sticksOut = (box) => box.width > 0 && box.right > edge;
  const scrolls = (one) => one && (getComputedStyle(one).overflowX !== 'visible' || scrolls(one.parentElement));
  return [...document.querySelectorAll('body *')]
    .filter((one) => sticksOut(one.getBoundingClientRect()))
    .filter((one) => !one.closest('.skip, svg') && !scrolls(one.parentElement))
    .map((one) => one.tagName + '.' + one.className);
}"""
"""Elements that stick out of the page at the right, except inside of parts that scroll on their own."""

METHODS = """() => {
  const section = document.getElementById('methods');
  return section ? section.getBoundingClientRect().top + scrollY : 0;
}"""


@dataclass
class PageChecks:
    """The results for one page; screens: before the methods, by name of the window."""

    path: Path
    violations: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    wide: list[str] = field(default_factory=list)
    screens: dict[str, float] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        return self.path.stat().st_size

    @property
    def passed(self) -> bool:
        return not (self.violations or self.messages or self.wide) and self.bytes <= MOST_BYTES


def check_page(browser: Any, path: Path, views: Sequence[tuple[str, str]] = VIEWS) -> PageChecks:
    """Return the checks of a page: its widths in all windows, and its accessibility in these windows and schemes."""
    checks = PageChecks(path)
    page = browser.new_page()
    page.on("console", lambda message: checks.messages.append(message.text))
    page.on("pageerror", lambda error: checks.messages.append(str(error)))
    page.goto(path.resolve().as_uri())
    for name, (width, height) in WINDOWS.items():
        page.set_viewport_size({"width": width, "height": height})
        checks.wide += [f"{name}: {one}" for one in page.evaluate(WIDE)]
        checks.screens[name] = page.evaluate(METHODS) / height
    page.evaluate("() => document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    for name, scheme in views:
        page.set_viewport_size(dict(zip(("width", "height"), WINDOWS[name], strict=True)))
        page.emulate_media(color_scheme=scheme)
        checks.violations += [f"{name} {scheme}: {one}" for one in violations(page)]
    page.close()
    return checks


def violations(page: Any) -> Iterator[str]:
    """Yield the violations that axe-core finds on a page, each with the first element that has it."""
    from axe_playwright_python.sync_playwright import Axe

    options: Mapping[str, Any] = {"runOnly": list(TAGS), "resultTypes": ["violations"]}
    for found in Axe().run(page, options=options).response["violations"]:
        yield f"{found['id']} ({len(found['nodes'])}): {found['nodes'][0]['target']}"


def main() -> int:
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reports", nargs="+", type=Path, help="folders of reports, or pages")
    arguments = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    failed = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for path in arguments.reports:
            checks = check_page(browser, path / "index.html" if path.is_dir() else path)
            failed += not checks.passed
            screens = ", ".join(f"{name} {count:.1f}" for name, count in checks.screens.items())
            print(f"{path.name or path}: {checks.bytes / 1e6:.2f} MB; screens before the methods: {screens}")
            for line in dict.fromkeys((*checks.violations, *checks.messages, *checks.wide)):
                print(f"  {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
