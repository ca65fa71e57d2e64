"""What the centre does by itself: reviews cases, signs the heads of its ledger, reminds of what is overdue."""

from central.store.witness import RewrittenError
from sync.agreement.records import CaseReviewed
from sync.agreement.vocabulary import CaseClass
from tests.simulation.centre import SimulatedCentre
from tests.simulation.chance import Chance
from tests.simulation.world import World


class Decider:
    """The people and the clockwork of one centre."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = Chance(world.seed, "centre")

    def act(self, centre: SimulatedCentre) -> str:
        """Review a case, or sign the ledger's head."""
        return self.review(centre) if self._chance.happens(0.5) else self.sign(centre)

    def review(self, centre: SimulatedCentre) -> str:
        """Class somebody: a record of the centre's own journal, on its way down to every edge."""
        known = sorted(self._world.model.centre.crossings) or ["a-1"]
        body = CaseReviewed(
            crossing_id=self._chance.one_of(known),
            case_class=self._chance.one_of(list(CaseClass)),
            note="",
            reviewer_ref="cdc",
        )
        centre.store.review(body, now=centre.clock())
        return "reviewed"

    def sign(self, centre: SimulatedCentre) -> str:
        """Sign what there is, as the clockwork does each minute."""
        try:
            head = centre.witnessing.sign_head()
        except RewrittenError as error:
            self._world.fail(f"the centre found its own ledger rewritten: {error}")
        centre.store.provisional.raise_overdue(now=centre.clock())
        return "no news" if head is None else f"signed {head.position}"
