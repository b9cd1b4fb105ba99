# SPDX-License-Identifier: GPL-2.0-only
"""What a learner does with a trace, beyond looking at it.  Importing a module registers it.

predict     trace.predict("p0._count", 38, guess=None): say it before you see it
question    trace.play(ask=[Question(38, "p0._count")]): the same in the player
pivotal     trace.pivotal(3): the questions that a trace itself suggests
asked       what is said to any answer, in both places

check       kmm.check("e03.q2", mine): what is right about an answer, at once
exercise    an exercise as data; exercises/ has them, book finds them by name, parameters by seed
checks      the kinds of checks; outcome: what a check finds
given       the worlds and kernels that exercises give; bekernel: a migration made move by move
own         a student's own code is run, and the kernel lives on
attempts    what is remembered; hint and progress show it
derive      from solutions/ to what students get; trial tries it out, template begins a new one
"""
