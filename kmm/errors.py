# SPDX-License-Identifier: GPL-2.0-only
"""The one exception that a person can mend: every room may raise it."""


class KmmError(Exception):
    """Misuse of the tool: one clear sentence that says how to mend it.

    It is no part of the model. What the C returns is returned, and a kernel BUG is a KernelBug;
    a KmmError says that a scenario, an option or a file is wrong, and the command line shows its
    sentence without a traceback.
    """
