# SPDX-License-Identifier: GPL-2.0-only
"""What a learner does with a trace, beyond looking at it.  Importing a module registers it.

predict     trace.predict("p0._count", 38, guess=None): say it before you see it
question    trace.play(ask=[Question(38, "p0._count")]): the same in the player
pivotal     trace.pivotal(3): the questions that a trace itself suggests
asked       what is said to any answer, in both places
"""
