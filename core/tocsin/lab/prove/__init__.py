"""Prove: whether each alert that there can be reaches somebody in time, whatever its strings and whenever it fires.

``delivery`` says in which ways an alert reaches somebody, ``calendar`` which instants differ in that; ``proving`` looks
for an alert that no way is open to, and lets the engine decide on it.
"""
