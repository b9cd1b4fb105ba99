# SPDX-License-Identifier: GPL-2.0-only
"""What all widgets of kmm share: what is said without anywidget, and what stands for a widget."""

from __future__ import annotations

from typing import Any

from kmm.errors import KmmError


def no_widgets() -> KmmError:
    """What is said where anywidget is not installed."""
    return KmmError(
        "a player in a notebook needs anywidget: pip install 'kmm[lab]'; "
        "trace.to_html('trace.html') writes one that needs nothing"
    )


def with_still(bundle: Any, still: dict[str, str]) -> Any:
    """What a widget is shown as, and what stands for it where none can run.

    Arguments: `bundle` as anywidget gives it, `still` a text for each MIME type.
    """
    data, *metadata = bundle if isinstance(bundle, tuple) else (bundle or {},)
    data = {**data, **still}
    return (data, *metadata) if metadata else data
