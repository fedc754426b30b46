"""Questions about all alerts that there can be: a plan as a circuit of conditions, and a search that ends in an alert,
or in the certainty that there is none.

``routing`` writes a plan as a ``circuit``, ``search`` looks for an alert that makes it true: ``sat`` decides its gates,
``strings`` whether the alert's strings can be so, by ``languages``. What is decided is exact; what would take more than
its ``budget`` is not decided.
"""
