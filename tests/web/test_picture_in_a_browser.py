"""The picture behind a raised reading on the isolation board: offered where there is one, asked for with a reason."""

import base64

import numpy as np
import pytest

from tests.web import scenes
from tests.web.serving import served
from tests.web.stage import edge_app
from tests.web.test_screens_in_a_browser import open_page

CENTIKELVIN = (np.linspace(3000, 3860, 12 * 10) * 10).astype("<u2")
PICTURE = {
    "device_id": "array-1",
    "observed_at": "2026-11-22T01:30:00Z",
    "width_px": 10,
    "height_px": 12,
    "centikelvin": base64.b64encode(CENTIKELVIN.tobytes()).decode(),
    "expires_at": "2026-11-23T01:30:00Z",
}


@pytest.fixture(scope="module")
def edge():
    with served(edge_app()) as url:
        yield url


def test_a_reviewer_gives_a_reason_and_sees_the_face_in_colours(page, edge):
    room = scenes.isolation()
    room["waiting"] = [person | {"has_picture": person["crossing_id"] == "c8"} for person in room["waiting"]]
    page.route("**/api/isolation", lambda route: route.fulfill(json=room))
    page.route("**/api/isolation/c8/picture", lambda route: route.fulfill(json=PICTURE))
    open_page(page, edge, "/isolation", username="canbo")
    page.wait_for_selector("#waiting li")
    offered = page.get_by_role("button", name="Ảnh nhiệt")
    assert offered.count() == 1

    offered.click()
    with page.expect_request("**/api/isolation/c8/picture") as sent:
        page.locator("dialog button[type=submit]").click()
    assert sent.value.post_data_json == {"reason": "care"}

    canvas = page.wait_for_selector("dialog canvas")
    size = canvas.evaluate("one => [one.width, one.height]")
    assert size == [267, 320]
    colours = canvas.evaluate("one => [...one.getContext('2d').getImageData(130, 310, 1, 1).data]")
    assert colours[3] == 255
    assert min(colours[:2]) > 200, "the warmest row is pale yellow"
    assert "array-1" in page.locator("dialog").inner_text()
