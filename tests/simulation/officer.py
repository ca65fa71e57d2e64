"""The officer of a simulated lane: screens people and follows them up, through the real store functions."""

from datetime import datetime

from checkpoint.store.crossings import add_crossing, find_crossing, settle_crossing
from checkpoint.store.journal import Origin, Saved, SealedFor, append
from checkpoint.store.lanes import keep_episode_key, start_running_clocks
from checkpoint.store.writer import Transaction
from sync.agreement.records import CrossingWithdrawn, RecordBody, TravellerIdentity
from sync.agreement.vocabulary import ClockQuality, Disposition, TravellerCategory
from sync.exchange.sealing import EpisodeKey
from tests.simulation.chance import Chance
from tests.simulation.edge import SimulatedEdge
from tests.sync.exchange.journals import isolated, rechecked, screened

_CATEGORIES = (TravellerCategory.TOURIST, TravellerCategory.DRIVER_OR_CREW)
_OPENINGS = {Disposition.CLEARED: 6.0, Disposition.PENDING: 3.0, Disposition.REFUSED: 1.0}
_WRAPPED_BYTES = 80


class Officer:
    """Works at one edge. Every record is one commit, as at a lane."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._drawn = 0

    def screen(self, edge: SimulatedEdge, *, is_raised: bool | None = None) -> Saved:
        """Screen one more person; the answer comes after the commit."""
        self._drawn += 1
        crossing_id = f"{edge.site.name}-{self._drawn}"
        disposition = self._opening(is_raised)
        at = edge.clock()
        body = screened(
            crossing_id,
            disposition=disposition,
            at=at,
            gate=edge.gate,
            category=self._chance.one_of(_CATEGORIES),
            temperature_c=round(self._chance.amount(36.0, 37.2), 1),
        )
        who = TravellerIdentity(full_name=f"Người Thử {self._drawn}", document_number=f"T{self._drawn:07}")
        key, wrapped = self._chance.bytes(32), self._chance.bytes(_WRAPPED_BYTES)

        def save(transaction: Transaction) -> Saved:
            kept = EpisodeKey(episode_id=crossing_id, wrapped={"province": wrapped})
            keep_episode_key(transaction, kept)
            sealed_for = SealedFor(identity=who, episode_id=crossing_id, episode_key=key)
            saved = append(transaction, body, origin=_origin(at), sealed_for=sealed_for)
            add_crossing(transaction, body, identity=who, saved=saved, officer_ref="canbo")
            start_running_clocks(transaction, crossing_id, clocks=body.clocks)
            return saved

        return edge.writer.submit(save).result()

    def follow_up(self, edge: SimulatedEdge) -> Saved:
        """Recheck, isolate or withdraw a crossing of this edge, or screen somebody where there is none."""
        known = edge.rows("SELECT crossing_id FROM crossing ORDER BY crossing_id")
        if not known:
            return self.screen(edge)
        body = self._later_record(self._chance.one_of(known)[0], at=edge.clock())

        def save(transaction: Transaction) -> Saved:
            saved = append(transaction, body, origin=_origin(edge.clock()))
            row = find_crossing(transaction, body.crossing_id)
            disposition = getattr(body, "disposition", row.disposition)
            settle_crossing(transaction, row.crossing_id, disposition=disposition, place_id=row.place_id, saved=saved)
            return saved

        return edge.writer.submit(save).result()

    def _opening(self, is_raised: bool | None) -> Disposition:
        if is_raised is not None:
            return Disposition.PENDING if is_raised else Disposition.CLEARED
        return Disposition(self._chance.weighted({kind.value: weight for kind, weight in _OPENINGS.items()}))

    def _later_record(self, crossing_id: str, *, at: datetime) -> RecordBody:
        match self._chance.number(0, 3):
            case 0:
                return rechecked(crossing_id, disposition=Disposition.CLEARED, at=at)
            case 1:
                return rechecked(crossing_id, disposition=Disposition.REFERRED, at=at)
            case 2:
                return isolated(crossing_id, at=at)
        return CrossingWithdrawn(crossing_id=crossing_id, withdraws_record_id=crossing_id, reason="logged_twice")


def _origin(at: datetime) -> Origin:
    return Origin(
        observed_at=at,
        recorded_at=at,
        boot_id="boot-1",
        monotonic_ns=1,
        clock_quality=ClockQuality.UNKNOWN,
        lane_id="lane-1",
        officer_ref="canbo",
    )
