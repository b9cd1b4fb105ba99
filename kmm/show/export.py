# SPDX-License-Identifier: GPL-2.0-only
"""A player in a notebook that becomes a page: an iframe that needs no kernel and no network.

A widget view among the outputs makes nbconvert's page ask a CDN for a widget manager, and pass over
every other form of the output.  So while a notebook is exported there is no widget: the player puts
a page of its own into an iframe's srcdoc.  kmm.export_notebook says so through the environment of
the kernel that it starts.
"""

from __future__ import annotations

import os
from html import escape

#: In the environment of a kernel whose outputs are for a page.
VARIABLE = "KMM_EXPORT"

#: The page in the frame tells how high it is; until then it has room for a whole player.
_FRAME = (
    '<iframe class="kmm-frame" title="{title}" srcdoc="{page}" loading="lazy" '
    'style="display:block;width:100%;height:1100px;border:0;color-scheme:light"></iframe>'
)

_FITS = """<script>
// As high as what it shows: nobody has to scroll in a frame.
new ResizeObserver(() => {
  try {
    frameElement.style.height = `${document.documentElement.offsetHeight + 2}px`;
  } catch { /* A page of another origin keeps the height that it has. */ }
}).observe(document.documentElement);
</script>
<style>:root{color-scheme:light!important}body{padding:0!important;background:none!important}
h1{display:none}</style>
"""


def exporting() -> bool:
    """Outputs are for a page, not for a notebook."""
    return bool(os.environ.get(VARIABLE))


def framed(page: str, words: str) -> dict[str, str]:
    """The outputs of a cell for a whole HTML page; `words` say what it shows, for who sees none."""
    fits = page.replace("</html>", f"{_FITS}</html>")
    frame = _FRAME.format(title=escape(words), page=escape(fits))
    return {"text/html": frame, "text/plain": words}
