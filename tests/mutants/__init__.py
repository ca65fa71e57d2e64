"""Hand-made faults in protocol and store, each of which some test must notice.

``python -m tests.mutants`` applies each to a copy of the sources, runs what should notice it, and prints
killed/total. A fault that survives means that a promise is not tested; the command then ends with 1.
"""
