"""Orders that the tests put into force at an edge, as if they had come from the centre."""

from datetime import timedelta

from sync.agreement.policy import PolicyDocument, parse_policy_document
from tests.checkpoint.people import MORNING


def put_in_force(edge, *rules: dict, document_id: str = "orders-test") -> PolicyDocument:
    """Let rules hold at this edge since yesterday."""
    complete = [
        {
            "rule_id": f"{document_id}-{number}",
            "effective_from": MORNING - timedelta(days=1),
            "citation": {"clause": f"Điều {number}"},
            **rule,
        }
        for number, rule in enumerate(rules, 1)
    ]
    head = {
        "id": document_id,
        "version": 1,
        "kind": "orders",
        "title": {"vi": "Lệnh thử", "en": "Test order", "zh": "测试命令"},
        "cite_as": "Lệnh số 7/CĐ-UBND",
        "issued_by": "Chủ tịch Ủy ban nhân dân tỉnh",
    }
    document = parse_policy_document({**head, "rule": complete}, file_name="test.toml")
    edge.gate.policy = edge.gate.policy.with_issued(document)
    return document
