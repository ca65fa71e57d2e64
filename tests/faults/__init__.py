"""Faults on purpose, in real processes: a bad network, kill -9, a database and a broker that die, a full disk."""
