"""What docs/LANE.md draws from the code: the lane's keys, with the words that stand beside them on the screen."""

from tests.document_parts import EmptyPartError, labels
from tests.web.test_lane_keys import keys_of_the_lane

KEYS = {
    "F1": ("F1", "lane.key_find"),
    "F2": ("F2", "lane.do_measure"),
    "F3": ("F3", "lane.key_correct"),
    "F4": ("F4", "lane.do_except"),
    "F5": ("F5", "lane.key_register"),
    "F6": ("F6", "lane.key_details"),
    "F7": ("F7", "lane.key_isolation"),
    "F8": ("F8", "lane.sound_on"),
    "F9": ("F9", "look.language"),
    "F10": ("F10", "lane.discard"),
    "F11": ("F11", "station.key"),
    "F12": ("F12", "look.sign_out"),
    "Insert": ("Ins", "declaration.lane_enter"),
    "End": ("End", "slip.print_offered"),
    "Home": ("Home", "post_page.key_at_lane"),
    "Delete": ("Delete", "lane.next_drop"),
    "PageUp": ("PgUp", "question.key"),
    "+": ("+", "lane.key_document"),
    "PageDown": ("PgDn", "lane.key_camera"),
    "ArrowUp": ("↑", "override.key"),
    "ArrowDown": ("↓", "groups_page.vehicle_key"),
    "ArrowLeft": ("←", "lane.key_children"),
    "ArrowRight": ("→", "groups_page.group_key"),
}
"""Each key that a module of the lane listens for: as it is printed on a keyboard, and its words in the labels."""

COLUMNS = {"vi": "| phím | làm gì |", "en": "| key | what it does |"}


def key_table(language: str) -> str:
    """Every key of the lane in one language; raises where the code has a key that stands not here, or the reverse."""
    apart = set(keys_of_the_lane()) ^ set(KEYS)
    if apart:
        msg = f"the lane and its guide do not name the same keys: {', '.join(sorted(apart))}"
        raise EmptyPartError(msg)
    words = labels(language)
    rows = [COLUMNS[language], "|---|---|"]
    for sign, label in KEYS.values():
        section, name = label.split(".")
        rows.append(f"| `{sign}` | {words[section][name]} |")
    return "\n".join(rows)
