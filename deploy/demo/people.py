"""Invented people and their papers for the demonstration: no number here belongs to anybody.

The machine-readable zones are written from ICAO Doc 9303 by this small issuer of its own, so that
the parser under ``checkpoint/documents`` is shown papers that it did not make itself.
"""

import random
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta

FAMILY_NAMES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Phùng", "Vũ", "Đặng", "Bùi", "Đỗ", "Chìu", "Tằng", "Lỷ")
MIDDLE_NAMES = ("Thị", "Văn", "Thu", "Minh", "Đức", "Ngọc", "A", "Mỹ", "Quốc")
GIVEN_NAMES = ("Nhường", "Hà", "Quân", "Ứng", "Bảo", "Lường", "Thủy", "Dũng", "Hợp", "Sềnh", "Múi", "Phượng", "Đạt")
CHINESE_SURNAMES = ("WANG", "LI", "ZHANG", "LIU", "CHEN", "HUANG", "NONG", "WEI", "LU")
CHINESE_GIVEN_NAMES = ("XIAOMING", "LIHUA", "JIANGUO", "YAN", "MEILING", "GUOQIANG", "FANG", "ZHIYUAN")
FOREIGN_EXPERTS = (
    ("KOR", "KIM", "MINJUN"),
    ("JPN", "SATO", "HARUTO"),
    ("DEU", "WEBER", "ANNA"),
    ("CHN", "ZHAO", "HAIYANG"),
)
COMMUNES = ("Phường Móng Cái 1", "Phường Móng Cái 2", "Phường Móng Cái 3", "Xã Hải Sơn", "Xã Hoành Mô", "Xã Lục Hồn")
QUANG_NINH_CODE = "022"

_WEIGHTS = (7, 3, 1)
_VALUES = {"<": 0} | {str(digit): digit for digit in range(10)} | {chr(65 + n): 10 + n for n in range(26)}


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody invented: names as printed, birth date, sex as in a machine-readable zone (M or F)."""

    full_name: str
    primary: str
    secondary: str
    date_of_birth: date
    sex: str
    nationality: str


def vietnamese(rng: random.Random, *, today: date) -> Person:
    """Invent a Vietnamese person with all the marks."""
    family, middle, given = rng.choice(FAMILY_NAMES), rng.choice(MIDDLE_NAMES), rng.choice(GIVEN_NAMES)
    return Person(
        full_name=f"{family} {middle} {given}",
        primary=fold(family),
        secondary=f"{fold(middle)} {fold(given)}",
        date_of_birth=_birth(rng, today=today),
        sex="F" if middle in {"Thị", "Thu", "Mỹ", "Ngọc"} else "M",
        nationality="VNM",
    )


def foreign(rng: random.Random, *, today: date, is_expert: bool = False) -> Person:
    """Invent a visitor from China or, for an expert, from one of several countries."""
    state, primary, secondary = (
        rng.choice(FOREIGN_EXPERTS)
        if is_expert
        else ("CHN", rng.choice(CHINESE_SURNAMES), rng.choice(CHINESE_GIVEN_NAMES))
    )
    return Person(
        full_name=f"{primary} {secondary}",
        primary=primary,
        secondary=secondary,
        date_of_birth=_birth(rng, today=today),
        sex=rng.choice("MF"),
        nationality=state,
    )


def passport(person: Person, rng: random.Random, *, today: date) -> tuple[str, str]:
    """Write a TD3 machine-readable zone (Doc 9303 part 4): two lines of 44."""
    state = f"{'D' if person.nationality == 'DEU' else person.nationality:<3}".replace(" ", "<")
    number = f"{rng.choice('BCEK')}{rng.randrange(10**7, 10**8)}"
    expires = today + timedelta(days=rng.randrange(200, 3000))
    numbered, born, ends, personal = (
        field + check_digit(field) for field in (number, _yymmdd(person.date_of_birth), _yymmdd(expires), "<" * 14)
    )
    first = f"P<{state}{_names(person)}".ljust(44, "<")[:44]
    composite = check_digit(numbered + born + ends + personal)
    return first, f"{numbered}{state}{born}{person.sex}{ends}{personal}{composite}"


def identity_card(person: Person, rng: random.Random, *, today: date) -> tuple[str, str, str]:
    """Write the TD1 zone of a Vietnamese citizen card: three lines of 30, whole number from position 16."""
    century = 2 if person.date_of_birth.year >= 2000 else 0
    number = f"{QUANG_NINH_CODE}{century + (person.sex == 'F')}{person.date_of_birth:%y}{rng.randrange(10**6):06d}"
    first = f"IDVNM{number[3:]}{check_digit(number[3:])}{number}<<{check_digit(number + '<<')}"
    born, expires = _yymmdd(person.date_of_birth), _yymmdd(today + timedelta(days=rng.randrange(200, 3000)))
    second = f"{born}{check_digit(born)}{person.sex}{expires}{check_digit(expires)}VNM" + "<" * 11
    composite = check_digit(first[5:] + second[:7] + second[8:15] + second[18:29])
    return first, second + composite, _names(person).ljust(30, "<")[:30]


def check_digit(text: str) -> str:
    """Weights 7, 3, 1 over the values of Doc 9303 part 3, section 4.9.

    >>> check_digit("520727")
    '3'
    """
    return str(sum(_VALUES[character] * _WEIGHTS[index % 3] for index, character in enumerate(text)) % 10)


def fold(name: str) -> str:
    """Write a Vietnamese name with the letters A to Z.

    >>> fold("Đặng Thị Nhường")
    'DANG THI NHUONG'
    """
    plain = unicodedata.normalize("NFD", name.replace("Đ", "D").replace("đ", "d"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).upper()


def _names(person: Person) -> str:
    return f"{person.primary}<<{person.secondary}".replace(" ", "<").replace("-", "<")


def _birth(rng: random.Random, *, today: date) -> date:
    return today - timedelta(days=rng.randrange(16 * 366, 75 * 365))


def _yymmdd(day: date) -> str:
    return f"{day:%y%m%d}"
