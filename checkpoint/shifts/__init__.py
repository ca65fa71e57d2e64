"""The shift, without I/O: its hours, the roster and its gaps, the figures of a report, the numbers of paper sheets."""
