"""Pictures of documents from a handheld: read for an officer at work on a device of this gate, and forgotten."""

from base64 import urlsafe_b64encode

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from checkpoint.handhelds.device_key import signed_words
from tests.checkpoint.app.test_camera_in_a_browser import files_holding, photograph
from tests.checkpoint.app.test_handhelds import Phone, edge, phone, put_officer, station
from tests.checkpoint.documents.zones import CITIZEN_CARD

__all__ = ["edge", "phone", "station"]
PATH = "/handheld/v1/read-picture"


def send(phone: Phone, image: bytes, *, permit: str | None = None):
    halves = decode_dss_signature(phone.key.sign(signed_words(PATH, body=image), ECDSA(SHA256())))
    signature = urlsafe_b64encode(b"".join(half.to_bytes(32, "big") for half in halves)).decode()
    headers = {
        "X-Handheld": phone.handheld_id,
        "X-Handheld-Signature": signature,
        "X-Handheld-Permit": phone.permit if permit is None else permit,
    }
    return phone.station.client.post(PATH, content=image, headers=headers)


def test_a_picture_is_read_for_an_officer_at_work_and_nothing_of_it_is_kept(edge, phone):
    picture = photograph(CITIZEN_CARD)
    (found,) = send(phone, picture).json()["found"]
    assert found["seen"]["text"].split("\n") == list(CITIZEN_CARD)
    assert files_holding(edge.settings.data_path, picture[2000:2064], b"022190000019", b"NGUYEN<<THI") == []


def test_nobody_else_has_a_picture_read(edge, phone, station):
    picture = b"no picture"
    assert send(phone, picture).json()["code"] == "picture_unreadable", "who is at work gets as far as that"
    assert send(phone, picture, permit="x").json()["code"] == "handheld_permit_unknown"
    assert phone.station.client.post(PATH, content=picture).status_code == 401
    thief = Phone(edge, station)
    thief.handheld_id, thief.permit = phone.handheld_id, phone.permit
    assert send(thief, picture).status_code == 401
    other = Phone(edge, station)
    other.enrol(station.code())
    assert send(other, picture, permit=phone.permit).json()["code"] == "handheld_permit_of_another"
    edge.clock.forward(hours=12, minutes=1)
    assert send(phone, picture).json()["code"] == "handheld_permit_over"
    edge.clock.forward(hours=-6)
    put_officer(edge, is_disabled=True)
    assert send(phone, picture).json()["code"] == "handheld_officer_gone"


def test_a_revoked_handheld_has_no_picture_read(phone, station):
    station.post(f"/api/handhelds/{phone.handheld_id}/revoke", reason="lost")
    answer = send(phone, b"no picture")
    assert (answer.status_code, answer.json()["code"]) == (403, "handheld_revoked")
