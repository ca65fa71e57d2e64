"""The labels: complete in three languages, filled and written as an officer reads them."""

import inspect
from enum import StrEnum

import pytest

from devices.health import DeviceState
from devices.measurement.drift import DriftSubject
from devices.measurement.honesty.suspicions import SuspicionCode
from devices.reading import FaultCode, QualityReason, UnusableReason
from sync.agreement import vocabulary
from sync.agreement.device_words import DeviceCondition
from sync.agreement.labels_catalogue import LANGUAGES, Catalogue, LabelError, load_catalogues
from sync.agreement.policy import LegalRole, MandatoryStep, OnExpiry, PolicyKind
from sync.agreement.threshold_words import ReversalReason, ThresholdMethod, ThresholdReason

WORDS = [
    member
    for member in vars(vocabulary).values()
    if inspect.isclass(member) and issubclass(member, StrEnum) and member is not StrEnum
]
BESIDE = [
    DeviceCondition,
    DriftSubject,
    ReversalReason,
    SuspicionCode,
    ThresholdMethod,
    ThresholdReason,
    UnusableReason,
    QualityReason,
    FaultCode,
    DeviceState,
    MandatoryStep,
    LegalRole,
    OnExpiry,
    PolicyKind,
]


def test_every_word_of_both_sides_has_a_label_in_three_languages():
    assert len(WORDS) >= 25
    catalogues = load_catalogues(must_have=[*WORDS, *BESIDE])
    assert set(catalogues) == set(LANGUAGES)
    for catalogue in catalogues.values():
        assert all(text.strip() for labels in catalogue.sections.values() for text in labels.values())


def test_a_missing_label_is_refused_at_loading():
    class Invented(StrEnum):
        NOWHERE = "nowhere"

    with pytest.raises(LabelError, match="Invented"):
        Catalogue.load("vi", must_have=[Invented])
    with pytest.raises(LabelError, match=r"fr\.toml"):
        Catalogue.load("fr")
    with pytest.raises(LabelError, match="no label"):
        Catalogue.load("vi").text("Disposition", "vanished")


def test_languages_that_say_different_things_are_refused(tmp_path, monkeypatch):
    for language, text in (("vi", "{a} và {b}"), ("en", "{a} and {b}"), ("zh", "{a}")):
        (tmp_path / f"{language}.toml").write_text(f'[section]\nkey = "{text}"\n', encoding="utf-8")
    load = Catalogue.load
    monkeypatch.setattr(Catalogue, "load", lambda language, **_: load(language, folder=tmp_path))
    with pytest.raises(LabelError, match="vi and zh differ"):
        load_catalogues()


def test_a_reason_is_a_sentence_with_local_numbers_and_words():
    values = {"temperature_c": 37.9, "threshold_c": 37.3, "device_kind": "face_terminal", "site": "forehead"}
    said = {language: Catalogue.load(language).reason("raised_reading", values) for language in LANGUAGES}
    assert said["vi"] == "Đo ở trán được 37,9 °C, bằng hoặc cao hơn ngưỡng 37,3 °C của máy đo khuôn mặt"
    assert "37.9 °C" in said["en"]
    assert "额头" in said["zh"]


def test_lists_dates_and_places_are_written_out():
    vietnamese, chinese = Catalogue.load("vi"), Catalogue.load("zh")
    assert vietnamese.reason("symptoms_declared", {"symptoms": "cough,fever"}) == "Khai có triệu chứng: ho, sốt"
    assert chinese.reason("symptoms_declared", {"symptoms": "cough,fever"}).endswith("咳嗽、发热")
    expired = vietnamese.reason("document_expired", {"document_kind": "border_pass", "expired_on": "2026-11-02"})
    assert expired.startswith("Giấy thông hành hết hạn ngày 02/11/2026")
    assert vietnamese.reason("quota_reached", {"quota_per_day": 1204}).endswith("1.204")
    redirected = vietnamese.text("ReasonDetail", "redirect_to", redirect_to="Cửa khẩu quốc tế Móng Cái")
    assert redirected == "Đề nghị đi qua Cửa khẩu quốc tế Móng Cái"


def test_nothing_missing_is_said_and_not_left_blank():
    said = Catalogue.load("vi").reason("expert_full_control", {"missing_steps": ""})
    assert said.endswith("Còn thiếu: không")


def test_a_point_of_entry_is_named_and_not_numbered():
    catalogue = Catalogue.load("vi")
    catalogue = Catalogue("vi", {**catalogue.sections, "ReasonCode": {"quota_reached": "Đi qua {redirect_to}"}})
    assert catalogue.reason("quota_reached", {"redirect_to": "mong-cai"}, places={"mong-cai": "Móng Cái"}) == (
        "Đi qua Móng Cái"
    )
