"""Erasing a person on a legal ground: which crossings, on what basis, asked by whom. Never undone.

Law 91/2025/QH15 gives a person the right to have personal data erased; what the law on contagious
diseases needs (counts, temperatures, cases without a name) stays. The reference of the request is a
number of a file, not a name: it stands in the journal for ever.
"""

import re
from collections.abc import Sequence

import msgspec

from central.actions.opening import Centre
from central.store.erasure import Erased, erase
from sync.agreement.identifiers import uuid7
from sync.agreement.records import EpisodesErased

ERASE_ACTION = "erase_episodes"
EPISODES_AT_ONCE = 500
_WORDS_LIMIT = 200
_REFERENCE = re.compile(r"^[A-Za-z0-9ĐđƯư][A-Za-z0-9ĐđƯư./_-]{1,63}\Z")


class ErasureRefusedError(ValueError):
    """This order cannot be carried out as written; ``code`` is a slug, nothing was erased."""

    def __init__(self, code: str) -> None:
        """Keep the slug."""
        self.code = code
        super().__init__(code)


def erase_people(
    centre: Centre, crossing_ids: Sequence[str], *, legal_basis: str, requested_by: str, username: str
) -> Erased:
    """Erase who these crossings were about, here and, by the downlink, at every edge.

    Raises ``ErasureRefusedError`` or ``UnknownEpisodesError`` before anything is touched.
    """
    wanted = tuple(dict.fromkeys(crossing_ids))
    if not wanted or len(wanted) > EPISODES_AT_ONCE:
        raise ErasureRefusedError(code="number_of_crossings")
    if not legal_basis.strip() or len(legal_basis) > _WORDS_LIMIT:
        raise ErasureRefusedError(code="legal_basis_required")
    if not _REFERENCE.match(requested_by):
        raise ErasureRefusedError(code="reference_is_no_file_number")
    now = centre.clock()
    order = EpisodesErased(
        erasure_id=str(uuid7(now)),
        episode_ids=wanted,
        legal_basis=legal_basis.strip(),
        requested_by=requested_by,
        erased_at=now,
    )
    erased = erase(centre.store.engine, order, ordered_by=username)
    centre.store.erasure_file.note(msgspec.structs.replace(order, episode_ids=erased.episode_ids))
    for crossing_id in wanted:
        centre.store.accounts.log_access(
            ERASE_ACTION, username=username, subject=crossing_id, reason=requested_by, at=now
        )
    return erased
