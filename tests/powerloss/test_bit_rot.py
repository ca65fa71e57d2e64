"""One bit of an edge's files turns over: it is noticed, and the page or the missing records are named."""

import pytest

from checkpoint.store.connection import DATABASE_NAME
from tests.demands import demand
from tests.powerloss.bit_rot import Damage, damaged, look, records_of, run_flips
from tests.powerloss.shifts import interrupted_image, morning_image

LOG = f"{DATABASE_NAME}-wal"


def test_a_flipped_bit_of_a_page_is_named_by_its_page():
    image = morning_image()
    finding = look(image, damaged(image.files, Damage(DATABASE_NAME, 5 * 4096 + 99, 3)), records=records_of(image))
    assert finding.noticed_by
    assert finding.located == "page 6"


def test_a_flipped_bit_of_the_log_takes_commits_back_and_the_edge_says_which_records_are_missing():
    image = interrupted_image()
    finding = look(image, damaged(image.files, Damage(LOG, 40, 0)), records=records_of(image))
    assert finding.records_gone > 0
    assert finding.noticed_by == "missing records stated"
    assert f'"missing":{finding.records_gone}' in finding.located


def test_an_undamaged_edge_is_not_suspected():
    for image in (morning_image(), interrupted_image()):
        assert look(image, image.files, records=records_of(image)).noticed_by == ""


@pytest.mark.slow
@demand("R002")
def test_no_flip_and_no_cut_goes_unnoticed():
    figures = run_flips(150, seed=3)
    assert figures.examples == []
    assert figures.lost == figures.violations == 0
