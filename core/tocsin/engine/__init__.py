"""The engine: a pure, deterministic state machine. No I/O, no clock, no randomness of its own.

See docs/explanation/engine.md for its state table. The parts, from the inside out: ``transaction`` (undo), ``agenda``
(deadlines), ``state`` (records), ``plan`` (compiled configuration), ``gates``, ``lines`` (one incident on one
channel), ``lanes`` (one channel), ``outcomes``, ``escalation``, ``incidents``, ``machine`` (the step itself). Beside
them: ``codec`` (records as plain data) and ``mending`` (of which some are lost).
"""
