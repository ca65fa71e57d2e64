"""What holds of every handheld, whatever its clock says and whatever is typed or sent."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as some

from checkpoint.handhelds.believed_time import TellingClocks, believed_time
from checkpoint.handhelds.device_key import DeviceKeyError, check_request, require_point
from checkpoint.handhelds.enrolment import EnrolmentCodes, plain_code
from checkpoint.handhelds.permit import Permit, PermitRefusedError, read_permit, write_permit
from sync.agreement.handheld_words import HandheldClock

NOON = datetime(2026, 11, 22, 5, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = KEY.public_key().public_bytes_raw()
PERMIT = Permit(
    permit_id="p1",
    handheld_id="h1",
    officer_ref="canbo",
    lane_id="lane-1",
    issued_at=NOON,
    expires_at=NOON + timedelta(hours=12),
)
seconds = some.integers(min_value=915_148_800, max_value=4_102_444_800)  # of 1999 to 2100
instants = seconds.map(lambda second: datetime.fromtimestamp(second, UTC))
offsets = some.none() | some.floats(min_value=-1e9, max_value=1e9)


@given(observed=instants, sent=instants, offset=offsets)
def test_no_clock_of_a_device_leads_out_of_its_permit_or_into_the_future(observed, sent, offset):
    arrived = NOON + timedelta(hours=3)
    told = TellingClocks(observed_at=observed, sent_at=sent, arrived_at=arrived, last_offset_s=offset)
    believed = believed_time(told, not_before=NOON, not_after=arrived)
    assert NOON <= believed.at <= arrived


@given(
    ahead_s=some.floats(min_value=-1e7, max_value=1e7),
    ago_s=some.integers(min_value=0, max_value=3 * 3600),
)
def test_a_clock_that_only_runs_ahead_is_put_right_to_the_second(ahead_s, ago_s):
    arrived, ahead = NOON + timedelta(hours=3), timedelta(seconds=ahead_s)
    done = arrived - timedelta(seconds=ago_s)
    told = TellingClocks(observed_at=done + ahead, sent_at=arrived + ahead, arrived_at=arrived, last_offset_s=-ahead_s)
    believed = believed_time(told, not_before=NOON, not_after=arrived)
    assert abs(believed.at - done) < timedelta(seconds=1)
    assert believed.clock is HandheldClock.STEADY


@given(wrong_by_s=some.sampled_from([-10_800, -3_600, -600, 600, 3_600, 10_800]), ago_s=some.integers(60, 3 * 3600))
def test_a_clock_that_was_set_right_after_the_act_is_believed_by_what_was_learnt_before_it(wrong_by_s, ago_s):
    arrived = NOON + timedelta(hours=3)
    done = arrived - timedelta(seconds=ago_s)
    shown = done + timedelta(seconds=wrong_by_s)
    told = TellingClocks(observed_at=shown, sent_at=arrived, arrived_at=arrived, last_offset_s=-wrong_by_s)
    believed = believed_time(told, not_before=NOON, not_after=arrived)
    assert (believed.at, believed.offset_s) == (done, -wrong_by_s)
    assert believed.clock is HandheldClock.UNSURE, "nobody saw when it was set"


@pytest.mark.parametrize("wrong_by_s", [-10_800, 10_800])
def test_a_clock_that_was_set_wrong_before_the_act_is_believed_by_what_it_shows_at_sending(wrong_by_s):
    arrived = NOON + timedelta(hours=3)
    done, wrong = arrived - timedelta(minutes=10), timedelta(seconds=wrong_by_s)
    told = TellingClocks(observed_at=done + wrong, sent_at=arrived + wrong, arrived_at=arrived, last_offset_s=0.0)
    believed = believed_time(told, not_before=NOON, not_after=arrived)
    assert (believed.at, believed.clock) == (done, HandheldClock.UNSURE)


@given(text=some.text(max_size=300))
def test_no_text_is_a_permit_but_the_one_that_was_signed(text):
    written = write_permit(PERMIT, key=KEY)
    assert read_permit(written, public_key=PUBLIC) == PERMIT
    with pytest.raises(PermitRefusedError):
        read_permit(text, public_key=PUBLIC)
    with pytest.raises(PermitRefusedError):
        read_permit(written, public_key=Ed25519PrivateKey.generate().public_key().public_bytes_raw())


@given(place=some.integers(min_value=0, max_value=400), mark=some.characters(min_codepoint=33, max_codepoint=126))
def test_a_permit_with_one_mark_changed_is_none(place, mark):
    written = write_permit(PERMIT, key=KEY)
    place %= len(written)
    changed = written[:place] + mark + written[place + 1 :]
    if changed == written:
        return
    with pytest.raises(PermitRefusedError):
        read_permit(changed, public_key=PUBLIC)


@given(public_key=some.binary(max_size=70), signature=some.binary(max_size=70), body=some.binary(max_size=50))
def test_no_bytes_are_a_key_or_a_signature_by_chance(public_key, signature, body):
    with pytest.raises(DeviceKeyError):
        require_point(public_key)
    with pytest.raises(DeviceKeyError):
        check_request("/handheld/v1/flush", body=body, signature=signature, public_key=public_key)


@given(noise=some.binary(min_size=64, max_size=64), spacing=some.sampled_from(["", "-", " "]))
def test_a_code_is_read_however_it_is_typed_and_used_once(noise, spacing):
    codes = EnrolmentCodes()
    code = codes.make("Máy 3", made_by="canbo", at=NOON, random_bytes=lambda count: noise[:count]).code
    typed = spacing.join(code.replace("-", "")).lower()
    assert plain_code(typed) == plain_code(code) == code.replace("-", "")
    assert codes.take(typed, at=NOON).label == "Máy 3"
    assert codes.take(typed, at=NOON) is None


@given(noise=some.binary(min_size=64, max_size=64), other=some.binary(min_size=64, max_size=64))
def test_a_code_has_at_least_128_bits_each_of_which_counts(noise, other):
    given_bits: list[int] = []

    def draw(noise: bytes):
        def random_bytes(count: int) -> bytes:
            given_bits.append(8 * count)
            return noise[:count]

        return EnrolmentCodes().make("Máy 3", made_by="canbo", at=NOON, random_bytes=random_bytes).code

    first, second = draw(noise), draw(other)
    length = given_bits[0] // 8
    assert given_bits[0] >= 128
    assert (first == second) is (noise[:length] == other[:length])
    assert {len(block) for block in first.split("-")} == {4}, "blocks that an eye keeps"


def test_a_code_counts_for_as_long_as_the_gate_says_and_no_second_longer():
    codes = EnrolmentCodes(lives_for=timedelta(minutes=3))
    for late, is_taken in ((timedelta(minutes=3, microseconds=-1), True), (timedelta(minutes=3), False)):
        code = codes.make("Máy 3", made_by="canbo", at=NOON, random_bytes=bytes).code
        assert (codes.take(code, at=NOON + late) is not None) is is_taken
