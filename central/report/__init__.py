"""The daily report: a frozen revision drawn from counts, printed in the administrative layout.

``snapshot`` is what the store hands over, ``daily_report`` draws and checks the report, ``print_out``
turns its bytes into a PDF.
"""
