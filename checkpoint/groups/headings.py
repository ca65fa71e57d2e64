"""What the columns of a list are called, and its countries: in Vietnamese, English and Chinese, without marks."""

import re
from collections.abc import Mapping
from typing import Final
from unicodedata import combining, normalize

_BARRED_D: Final = str.maketrans("Đđ", "Dd")
_NOT_IN_HEADING: Final = re.compile(r"[^0-9a-z\u4e00-\u9fff]+")
_HAN: Final = r"[\u4e00-\u9fff]"
_PARTED: Final = re.compile(rf"[/()\uff08\uff09\[\]\n|]+|(?<={_HAN})(?!{_HAN})|(?<!{_HAN})(?={_HAN})")
HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "full_name": (
        "ho va ten", "ho ten", "ho va ten khach", "ten khach", "hanh khach", "ten hanh khach", "full name", "name",
        "passenger", "passenger name", "姓名", "旅客姓名", "名字",
    ),
    "family_name": ("ho", "ho dem", "ho va ten dem", "ho va dem", "surname", "family name", "last name", "姓"),
    "given_name": ("ten", "ten goi", "given name", "given names", "first name", "名"),
    "document_number": (
        "so giay to", "so giay to tuy than", "giay to", "so ho chieu", "ho chieu", "so cccd", "cccd", "so can cuoc",
        "so giay thong hanh", "giay thong hanh", "so thong hanh", "passport", "passport no", "passport number",
        "document", "document no", "document number", "travel document", "证件号码", "证件号", "护照号码", "护照号",
        "护照", "通行证号", "通行证号码",
    ),
    "date_of_birth": (
        "ngay sinh", "ngay thang nam sinh", "sinh ngay", "date of birth", "birth date", "dob",
        "出生日期", "生日", "出生年月日",
    ),
    "nationality": ("quoc tich", "nationality", "citizenship", "国籍"),
    "seat": ("so ghe", "ghe", "cho ngoi", "so phong", "buong", "seat", "seat no", "cabin", "座位", "座位号", "舱房"),
    "carriage": ("toa", "so toa", "toa so", "toa xe", "carriage", "wagon", "车厢", "车厢号"),
}  # fmt: skip
_FIELD_BY_HEADING: Final = {heading: field for field, headings in HEADINGS.items() for heading in headings}
_COUNTRIES: Final = {
    "viet nam": "VNM", "vietnam": "VNM", "vn": "VNM", "越南": "VNM", "trung quoc": "CHN", "china": "CHN", "cn": "CHN",
    "中国": "CHN", "dai loan": "TWN", "taiwan": "TWN", "台湾": "TWN", "hong kong": "HKG", "香港": "HKG",
    "ma cao": "MAC",
    "lao": "LAO", "laos": "LAO", "la": "LAO", "campuchia": "KHM", "cambodia": "KHM", "thai lan": "THA",
    "han quoc": "KOR",
    "nhat ban": "JPN", "nga": "RUS", "my": "USA", "hoa ky": "USA", "anh": "GBR", "phap": "FRA", "duc": "D",
}  # fmt: skip


def field_of(heading: str) -> str | None:
    """Return what a column holds by its heading, or ``None`` for a column that is left aside.

    A heading may say the same in two languages, or how to write what stands below it.

    >>> field_of("Họ và tên"), field_of("证件号码"), field_of("Ghi chú")
    ('full_name', 'document_number', None)
    >>> field_of("护照号 Passport No."), field_of("Ngày sinh (dd/mm/yyyy)"), field_of("Ghi chú (số ghế)")
    ('document_number', 'date_of_birth', None)
    """
    whole = _FIELD_BY_HEADING.get(_folded(heading))
    if whole is not None:
        return whole
    parts = [_FIELD_BY_HEADING.get(_folded(part)) for part in _PARTED.split(heading) if _folded(part)]
    said = {part for part in parts if part is not None}
    return parts[0] if parts and said == {parts[0]} else None


def country_of(text: str) -> str | None:
    """Return the code of a country by its name.

    >>> country_of("Việt Nam"), country_of("中国")
    ('VNM', 'CHN')
    """
    return _COUNTRIES.get(_folded(text))


def _folded(text: str) -> str:
    plain = normalize("NFD", text.translate(_BARRED_D).lower())
    return _NOT_IN_HEADING.sub(" ", "".join(mark for mark in plain if not combining(mark))).strip()
