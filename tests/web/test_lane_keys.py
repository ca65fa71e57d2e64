"""At the lane one key means one thing, whichever module listens for it."""

import re
from collections import Counter
from pathlib import Path

STATIC = Path(__file__).parents[2] / "checkpoint" / "web" / "static"
EVERYWHERE = Path(__file__).parents[2] / "web" / "static" / "js" / "preferences.js"


def keys_of_the_lane():
    lane = (STATIC / "lane.js").read_text(encoding="utf-8")
    own = re.search(r"const KEYS = \{(.*)\};", lane)[1]
    found = re.findall(r"(?:^ |, )(\w+): ", own)
    for module in re.findall(r'from "\./(\w+\.js)"', lane):
        found += re.findall(r'const KEY = "([^"]+)";', (STATIC / module).read_text(encoding="utf-8"))
    found += re.findall(r"(F\d+): ", EVERYWHERE.read_text(encoding="utf-8"))
    return found


def test_no_two_actions_of_the_lane_share_a_key():
    found = keys_of_the_lane()

    assert {"F1", "F9", "F12", "Insert", "+", "End", "PageDown"} <= set(found)
    assert [key for key, times in Counter(found).items() if times > 1] == []
