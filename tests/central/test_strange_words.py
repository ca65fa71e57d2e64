"""Words that no database can hold: refused with a word, by whoever they come from, and never an error of ours."""

import pytest

from central.actions.opening import open_centre
from central.settings import load_settings
from tests.central.running import write_settings
from tests.central.visitors import HandClock, signed_in


@pytest.mark.parametrize(
    ("role", "path", "content"),
    [
        ("cdc", "/api/desk/%00/identity", {"reason": "điều tra"}),
        ("administrator", "/api/units/%00/revoke", {"reason": "hỏng"}),
        ("administrator", "/api/units/%00/confirm", {"fingerprint": "0"}),
        ("administrator", "/api/units/alarms/99999999999999999999999999/clear", {"reason": "đã xem"}),
        ("administrator", "/api/units/alarms/9/clear", {"reason": "đã\0xem"}),
        ("command", "/sign-in", {"username": "a\0b", "password": "x"}),
    ],
)
def test_a_nul_or_a_giant_number_is_refused_by_name(database_url, tmp_path, role, path, content):
    settings = load_settings(write_settings(tmp_path, database_url=database_url, port=0))
    centre = open_centre(settings, clock=HandClock())
    with signed_in(centre, username="someone", role=role) as browser:
        token = browser.get("/api/session").json()["csrf_token"]
        answered = browser.post(path, json=content, headers={"X-CSRF-Token": token})
    centre.store.close()

    assert answered.status_code in {400, 401, 404}, answered.text
    assert answered.json()["code"]
