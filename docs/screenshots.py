# SPDX-License-Identifier: GPL-2.0-only
"""Make docs/images anew: six worlds in the player's file, in a real Chromium.

    python docs/screenshots.py [FOLDER]

needs playwright (`pip install playwright`), a Chromium, and Pillow, which comes with matplotlib.
CHROMIUM names the browser's program if it is none of playwright's own.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright
from worlds import WORLDS, moment

IMAGES = Path(__file__).parent / "images"
#: Name, width of the window, colours, whether all of the page is shown, and the image's scale.
VIEWS = (
    ("", 1280, "light", False, 1.0),
    ("-dark", 1280, "dark", False, 0.625),
    ("-800", 800, "light", True, 0.625),
)


def packed(shot: bytes, path: Path, scale: float) -> None:
    """Write a screenshot as a small image: to the pixel, or if it is made smaller nearly so."""
    image = Image.open(BytesIO(shot)).convert("RGB")
    if scale == 1:
        image.save(path, lossless=True, quality=100, method=6)
        return
    size = (round(image.width * scale), round(image.height * scale))
    image.resize(size, Image.Resampling.LANCZOS).save(path, quality=75, method=6)


def photograph(page: Page, address: str, *, whole: bool) -> bytes:
    """What a person sees who opens the address."""
    page.goto(address)
    page.wait_for_selector(".picture svg .lines")
    page.evaluate("() => document.fonts.ready")
    return page.screenshot(full_page=whole)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES
    folder.mkdir(parents=True, exist_ok=True)
    browser_path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        for name, (make, step) in WORLDS.items():
            trace = make()
            file = Path(place) / f"{name}.html"
            trace.to_html(file)
            address = f"{file.as_uri()}#step={moment(trace, *step)}"
            for ending, width, colours, whole, scale in VIEWS:
                page = browser.new_page(
                    viewport={"width": width, "height": 800}, color_scheme=colours
                )
                shot = photograph(page, address, whole=whole)
                packed(shot, folder / f"{name}{ending}.webp", scale)
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
