"""What edge and centre say to each other: headers, answers, receipts, refusals, and their signatures."""

from sync.exchange.messages.batches import (
    BATCH_LIMIT_RECORDS,
    BODY_LIMIT_BYTES,
    COMPRESSION_LEVEL,
    INFLATED_LIMIT_BYTES,
    BatchError,
    pack_batch,
    unpack_batch,
)
from sync.exchange.messages.couriers import (
    COURIER_EPOCH,
    CourierBatch,
    CourierPackage,
    CourierRefusal,
    CourierReturn,
    SignedDownQuestion,
    SignedHeadQuestion,
    SignedIncarnationQuestion,
)
from sync.exchange.messages.down import DOWN_LIMIT_BYTES, DOWN_LIMIT_RECORDS, DownAnswer, DownQuestion
from sync.exchange.messages.enrolling import EnrolmentAnswer, EnrolmentRequest, code_key, new_enrolment_code
from sync.exchange.messages.heads import HeadAnswer, HeadQuestion, SignedHead, WitnessError, check_witness
from sync.exchange.messages.incarnations import (
    Evidence,
    IncarnationGrant,
    IncarnationQuestion,
    Testimony,
    TestimonyAnswer,
    check_grant,
    read_evidence,
    sign_grant,
)
from sync.exchange.messages.pushes import (
    EXPRESS_LIMIT_BYTES,
    EXPRESS_LIMIT_RECORDS,
    ExpressAnswer,
    ExpressHeaders,
    PushAnswer,
    PushHeaders,
    Receipt,
    RecordAnswer,
    check_receipt,
    sign_receipt,
)
from sync.exchange.messages.words import (
    SIGNATURE_HEADER,
    CentreWords,
    EdgeName,
    EdgeWords,
    Refusal,
    RefusalCode,
    RenewalReason,
    check_nonce,
    header_name,
)
from sync.exchange.signatures import HEAD_PURPOSE, PUSH_PURPOSE, RECEIPT_PURPOSE, fingerprint

HEADER_NAMES = {
    field: header_name(field)
    for words in (PushHeaders, HeadQuestion, IncarnationQuestion, Testimony, ExpressHeaders, DownQuestion)
    for field in words.__struct_fields__
}
"""Under which HTTP header each signed word travels."""

__all__ = [
    "BATCH_LIMIT_RECORDS",
    "BODY_LIMIT_BYTES",
    "COMPRESSION_LEVEL",
    "COURIER_EPOCH",
    "DOWN_LIMIT_BYTES",
    "DOWN_LIMIT_RECORDS",
    "EXPRESS_LIMIT_BYTES",
    "EXPRESS_LIMIT_RECORDS",
    "HEADER_NAMES",
    "HEAD_PURPOSE",
    "INFLATED_LIMIT_BYTES",
    "PUSH_PURPOSE",
    "RECEIPT_PURPOSE",
    "SIGNATURE_HEADER",
    "BatchError",
    "CentreWords",
    "CourierBatch",
    "CourierPackage",
    "CourierRefusal",
    "CourierReturn",
    "DownAnswer",
    "DownQuestion",
    "EdgeName",
    "EdgeWords",
    "EnrolmentAnswer",
    "EnrolmentRequest",
    "Evidence",
    "ExpressAnswer",
    "ExpressHeaders",
    "HeadAnswer",
    "HeadQuestion",
    "IncarnationGrant",
    "IncarnationQuestion",
    "PushAnswer",
    "PushHeaders",
    "Receipt",
    "RecordAnswer",
    "Refusal",
    "RefusalCode",
    "RenewalReason",
    "SignedDownQuestion",
    "SignedHead",
    "SignedHeadQuestion",
    "SignedIncarnationQuestion",
    "Testimony",
    "TestimonyAnswer",
    "WitnessError",
    "check_grant",
    "check_nonce",
    "check_receipt",
    "check_witness",
    "code_key",
    "fingerprint",
    "header_name",
    "new_enrolment_code",
    "pack_batch",
    "read_evidence",
    "sign_grant",
    "sign_receipt",
    "unpack_batch",
]
