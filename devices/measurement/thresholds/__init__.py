"""Limits from which a reading asks for a second measurement: fixed, rolling mean plus delta, or adaptive.

A limit belongs to one device at one lane, one kind of number and one measuring site or pair of sites.
``begin`` makes a state, ``is_raised`` holds a value against it, ``step`` takes what became of a reading
and gives the next state and, where the limit moved, a change that explains itself and can be reversed.
"""
