# SPDX-License-Identifier: GPL-2.0-only
"""The ground: runs tasks one primitive at a time and remembers every change.

    bug          KernelBug, BUG_ON, VM_BUG_ON
    fields       Tracked: kernel objects whose every change is seen
    containers   Cells and ListHead: tables and lists, tracked cell by cell
    goto         label and goto: C's way out of a function
    pointer      Cell and FieldRef: what C does with &
    poison       Poison: what a freed object holds
    primitive    @primitive (one atomic, recorded step), @kernel_function (the tree of calls)
    replace      a person's own function in the place of the model's
    machine      Machine: objects, tasks, the record; `running` says which one runs
    environment  Environment: what everybody else does meanwhile
    recorder     the record, in compact columns
    trace        Trace: the record, to be asked; state, step, calls, history, slots, sources
    tracefile    kmm-trace/1, a trace as a JSON file

Nothing here knows what a page is.
"""

from kmm.sim.bug import BUG, BUG_ON, VM_BUG_ON, KernelBug, StepLimit
from kmm.sim.containers import Cells, Entry, ListHead
from kmm.sim.environment import Environment
from kmm.sim.fields import Tracked, atomic_add_return, peek
from kmm.sim.function import FUNCTIONS, Function
from kmm.sim.goto import goto, label
from kmm.sim.machine import Machine
from kmm.sim.pointer import Cell, FieldRef
from kmm.sim.poison import Poison, poison
from kmm.sim.primitive import kernel_function, primitive
from kmm.sim.replace import replace
from kmm.sim.running import current, current_machine
from kmm.sim.trace import Call, Change, State, Step, Trace
from kmm.sim.values import Name, value

__all__ = [
    "BUG", "BUG_ON", "FUNCTIONS", "VM_BUG_ON", "Call", "Cell", "Cells", "Change", "Entry",
    "Environment", "FieldRef", "Function", "KernelBug", "ListHead", "Machine", "Name", "Poison",
    "State", "Step", "StepLimit", "Trace", "Tracked", "atomic_add_return", "current",
    "current_machine", "goto", "kernel_function", "label", "peek", "poison", "primitive",
    "replace", "value",
]  # fmt: skip
