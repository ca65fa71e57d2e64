"""What the lane shows of somebody the register knows, or could know."""

from datetime import datetime

from msgspec import Struct

from sync.agreement.vocabulary import PassState


class PersonStanding(Struct, frozen=True, kw_only=True):
    """``is_registrable``: a pass that the register does not know; ``left_at``: away from home since then.

    ``linked_keys`` counts the other documents that an officer holds for the same person. ``register_row`` is where the
    register has the holder: read already, it is read again at no cost.
    """

    holder_id: str | None = None
    pass_state: PassState | None = None
    is_registrable: bool = False
    left_at: datetime | None = None
    came_back_at: datetime | None = None
    linked_keys: int = 0
    register_row: int = 0
