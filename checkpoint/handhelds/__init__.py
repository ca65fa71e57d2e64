"""Handhelds without I/O: who may work on one and for how long, what its signature is worth, which time to believe."""
