"""What the gate prints: slips, labels, orders. Pure: values in, bytes of a PDF, a DOCX or a printer out.

Every paper is laid out once, in a typst template. A label printer gets the same page as dots
(``raster``), so that Vietnamese marks are right on any printer, whatever code pages it knows.
"""
