"""The lab: what people ask about a configuration without trying it on themselves: replay, diff, prove, scenarios.

Nothing here decides: the engine that serves is stepped in virtual time, and its steps are read.
"""
