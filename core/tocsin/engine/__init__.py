"""The engine: a pure, deterministic state machine. No I/O, no clock, no randomness of its own.

See docs/explanation/engine.md for its state table. The parts, from the inside out: ``transaction`` (undo), ``agenda``
(deadlines), ``state`` (records), ``plan`` (compiled configuration), ``gates``, ``crowds`` and ``dues`` (orders and
numbers of very many), ``owing``, ``ends``, ``levels`` and ``reminders`` (what a line owes), ``lines`` (one incident on
one channel), ``lanes`` (one channel), ``outcomes``, ``escalation``, ``incidents``, ``reviews`` (what changed for many),
``machine`` (the step itself). Beside them: ``codec`` (records as plain data) and ``mending`` (of which some are lost).
"""
