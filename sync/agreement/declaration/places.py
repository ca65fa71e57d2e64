"""What a declaration answers of the questions about places: an officer asks only what it leaves open. Pure."""

from collections.abc import Iterable

from sync.agreement.declaration.form import Declaration, VisitedArea
from sync.agreement.facts import PlaceAnswer
from sync.agreement.local_time import local_date
from sync.agreement.policy import ExposurePlace
from sync.agreement.vocabulary import Direction

_ELSEWHERE = "OTHER"


def declared_answers(declaration: Declaration, *, places: Iterable[ExposurePlace]) -> tuple[PlaceAnswer, ...]:
    """Answer "no" for each place that lies in no area the person declared for those days; never "yes".

    The form names areas, not markets: whoever was in the area must still be asked. So must whoever enters and
    declares no area at all, or one that the form does not know.
    """
    areas = declaration.areas
    is_silent = not areas and declaration.direction is not Direction.EXIT
    if is_silent or any(area.code == _ELSEWHERE for area in areas):
        return ()
    return tuple(
        PlaceAnswer(place=rule.place, was_there=False)
        for rule in places
        if rule.area and not any(_may_include(area, rule) for area in areas)
    )


def _may_include(area: VisitedArea, rule: ExposurePlace) -> bool:
    """Whether a stay and a place may have met: one code lies within the other, and the days touch."""
    is_within = rule.area.startswith(area.code) or area.code.startswith(rule.area)
    return is_within and area.from_day <= local_date(rule.was_to) and area.to_day >= local_date(rule.was_from)
