"""The whole system in one thread: three edges, a centre, a hostile network, one seed.

``python -m tests.simulation --seeds N`` runs the real sync code over an injected clock, randomness,
transport and store, breaks what can break, and asserts the invariants I1 to I9 after every step and
after healing. A seed replays byte for byte.
"""
