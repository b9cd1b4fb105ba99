# SPDX-License-Identifier: GPL-2.0-only
"""Picture: an SVG that shows itself wherever it is shown.

A notebook that is not trusted drops raw SVG and scripts, but keeps an image whose data is in its
address.  So the HTML is a figure with such an image, a text in its place, and a caption.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from kmm.show.enlarge import enlarged


@dataclass(frozen=True)
class Picture:
    """`text` is the SVG, `alt` says what is seen, `caption` stands below, `size` is in pixels."""

    text: str = field(repr=False)
    alt: str
    caption: str
    size: tuple[float, float]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the SVG to a file."""
        Path(path).write_text(self.text, encoding="utf-8")

    @property
    def bare(self) -> str:
        """The HTML of the image alone, for where its caption would be said twice."""
        data = base64.b64encode(self.text.encode()).decode()
        return (
            f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(self.alt)}"'
            f' width="{enlarged(self.size[0]):g}" style="max-width:100%;height:auto"/>'
        )

    def _repr_html_(self) -> str:
        return (
            f'<figure style="margin:0.5em 0">{self.bare}'
            f"<figcaption>{escape(self.caption)}</figcaption></figure>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": str(self)}

    def __str__(self) -> str:
        return self.alt

    def __repr__(self) -> str:
        return f"<Picture: {self.alt}>"
