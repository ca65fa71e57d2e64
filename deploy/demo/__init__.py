"""The demonstration: two gates, a centre and a broker on this machine, with scanners that speak the real protocols.

It stands on nothing of ours: it starts the services by their command lines, writes the settings an
administrator would write, and talks to them over HTTP as a browser would. What it proves, a site can do.
"""
