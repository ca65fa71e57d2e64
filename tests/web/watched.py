"""An invented morning of one camera: its limit, how it moved, and a chart on which it drifts."""

from datetime import UTC, datetime, timedelta

OF = {"device_id": "cam-1", "lane_id": "lane-1", "kind": "raw_skin", "site": "inner_canthus"}


def watched():
    now = datetime.now(UTC)

    def at(minutes):
        return (now - timedelta(minutes=minutes)).isoformat()

    points, upward = [], 0.0
    for number in range(60):
        value_c = 35.6 + 0.2 * ((number * 7) % 5 - 2) / 2 + (0.35 if number > 40 else 0.0)
        upward = max(0.0, upward + (value_c - 35.6) / 0.49 - 0.3)
        downward = max(0.0, 1.2 - upward)
        is_drifting = upward > 5
        points.append(
            {"at": at(60 - number), "value_c": value_c, "upward": upward, "downward": downward}
            | {"is_drifting": is_drifting}
        )
        upward = 0.0 if is_drifting else upward
    alarm = {"subject": "normal_readings", "at": at(9), "estimated_shift_c": 0.31, "over_readings": 14}
    suspicion = {"code": "hole", "at": at(20), "readings": 300, "observed": 0.0, "expected": 21.4}
    change = {"wanted_c": 36.3, "false_alarm_share": 0.052, "settled": 612}
    return {
        "lanes": {"lane-1": "Làn 1"},
        "devices": [{**OF, "suspicions": [{**suspicion, "from_c": 35.0, "to_c": 36.0}]}],
        "limits": [
            {**OF, "method": "adaptive", "limit_c": 36.31, "changes": 4, "settled": 612, "false_alarm_share": 0.052}
            | {"target": 0.05, "waiting": 1, "is_in_force": True, "rule_id": "learnt", "lowest_c": 35.2}
            | {"highest_c": 36.8, "citation": {"document": "Quy trình đo thân nhiệt", "clause": "mục 4", "quote": ""}}
        ],
        "changes": [
            {**OF, **change, "number": 4, "at": at(12), "reason": "false_alarm", "before_c": 36.2, "after_c": 36.31}
            | {"reversed_at": None, "is_latest": True},
            {**OF, **change, "number": 3, "at": at(90), "reason": "reference_moved", "before_c": 36.3, "after_c": 36.2}
            | {"reversed_at": at(80), "is_latest": False},
        ],
        "charts": _charts(points, alarm),
    }


def _charts(points, alarm):
    return [
        {**OF, "subject": "normal_readings", "height": 9.0, "baseline_c": 35.6, "alarm": alarm, "points": points},
        {
            **OF,
            "subject": "reference_body",
            "height": 5.0,
            "baseline_c": 0.02,
            "alarm": None,
            "points": points[:30],
        },
    ]
