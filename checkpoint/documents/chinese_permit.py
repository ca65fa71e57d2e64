"""The border permit of the Chinese side: its number, out of whatever its code holds.

Its layout is not published where we could read it: it is a document with a number typed by hand; a zone or a code
is read where there is one. A code that names the permit and holds one number gives that number; any other code is
left to the officer.
"""

import re
from collections.abc import Sequence
from typing import Final

from checkpoint.documents.border_pass import number_key

_NAMES: Final = ("出入境通行证", "边境通行证", "边民证", "通行證", "通行证")
_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{0,2}\d{7,10}(?![0-9A-Za-z])")
_LONGEST: Final = 400


def permit_number(lines: Sequence[str]) -> str | None:
    """Return the name of the permit and its number from the text of a code, if there is exactly one number.

    >>> permit_number(("中华人民共和国出入境通行证", "证号 T12345678", "张伟明"))
    '出入境通行证 T12345678'
    >>> permit_number(("P<CHNZHANG<<WEIMING",)) is None
    True
    """
    text = "\n".join(lines)
    name = next((name for name in _NAMES if name in text), None)
    if name is None or len(text) > _LONGEST:
        return None
    found = {number_key(number) for number in _NUMBER.findall(text)}
    return f"{name} {found.pop()}" if len(found) == 1 else None
