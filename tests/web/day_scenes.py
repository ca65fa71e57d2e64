"""What the centre answers of one report day: its figures, and what gates wrote beside crossings."""

from tests.web.scenes import _at


def day_figures():
    """Return the figures of one report day by gate and by category."""
    names = {"vi": "Móng Cái", "en": "Móng Cái", "zh": "芒街"}
    counts = {"crossings": 17824, "suspected": 41, "isolated": 3}
    gate = {"ask": {"gate": "mong-cai"}, "name": names, "figures": counts}
    resident = {"ask": {"category": "border_resident"}, "slug": "border_resident", "figures": counts}
    tables = [{"by": "gate", "lines": [gate]}, {"by": "category", "lines": [resident]}]
    said = {"day": "2026-11-21", "as_of": _at(), "revision": 2, "is_as_frozen": True}
    return {**said, "totals": counts, "tables": tables}


def day_beside():
    """Return what two gates wrote beside crossings on one report day."""
    names = {"vi": "Móng Cái", "en": "Móng Cái", "zh": "芒街"}
    gates = [{"gate": "mong-cai", "name": names}, {"gate": "hoanh-mo", "name": "Hoành Mô"}]
    lines = [
        {"figure": "declarations", "counts": {"mong-cai": 5210, "hoanh-mo": 804}},
        {"figure": "slips_issued", "counts": {"mong-cai": 17211}},
    ]
    return {"day": "2026-11-21", "gates": gates, "lines": lines}
