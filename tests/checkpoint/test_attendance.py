"""Who is at a lane: heard of within seconds, by an open session, and a badge shown there for a minute."""

from checkpoint.attendance import ATTENDED_FOR, BADGE_SHOWN_FOR, Attendance
from tests.checkpoint.people import after


def test_an_officer_is_at_a_lane_from_the_first_sign_of_the_screen_until_some_seconds_after_the_last():
    lane = Attendance(lambda _: True)
    assert lane.since("lane-1", at=after(0)) is None
    for second in range(0, 12, 4):
        lane.see("lane-1", token_hash="a", at=after(second))
    assert lane.since("lane-1", at=after(8 + ATTENDED_FOR.total_seconds())) == after(0)
    assert lane.since("lane-1", at=after(9 + ATTENDED_FOR.total_seconds())) is None
    assert lane.since("lane-2", at=after(8)) is None
    lane.see("lane-1", token_hash="a", at=after(60))
    assert lane.since("lane-1", at=after(61)) == after(60)


def test_a_session_that_ends_or_is_locked_is_nobody_at_once_and_the_other_one_stays():
    closed = set()
    lane = Attendance(lambda token_hash: token_hash not in closed)
    lane.see("lane-1", token_hash="a", at=after(0))
    lane.see("lane-1", token_hash="b", at=after(2))
    closed.add("a")
    assert lane.since("lane-1", at=after(3)) == after(2)
    assert lane.sessions_at("lane-1", at=after(3)) == ("b",)
    closed.add("b")
    assert lane.since("lane-1", at=after(3)) is None


def test_a_badge_is_shown_at_its_lane_for_a_minute_or_until_the_officer_changed():
    lane = Attendance(lambda _: True)
    lane.show_badge("lane-1", "004217", at=after(0))
    assert lane.badge_at("lane-1", at=after(BADGE_SHOWN_FOR.total_seconds())) == "004217"
    assert lane.badge_at("lane-2", at=after(1)) == ""
    assert lane.badge_at("lane-1", at=after(1 + BADGE_SHOWN_FOR.total_seconds())) == ""
    lane.show_badge("lane-1", "004218", at=after(0))
    lane.forget_badge("lane-1")
    assert lane.badge_at("lane-1", at=after(1)) == ""
