"""Sentences for the travellers' screen that an order of the province puts in the place of the usual ones."""

from sync.agreement.display_words import DisplayMessage
from sync.agreement.policy.rule import Rule

LONGEST_SENTENCE = 120


class DisplayText(Rule, frozen=True, kw_only=True, tag="display_text"):
    """One sentence in the three languages of the gate, all three together or none."""

    message: DisplayMessage
    vi: str
    en: str
    zh: str

    def __post_init__(self) -> None:
        """Refuse a sentence that is missing in a language, or that no small screen holds."""
        super().__post_init__()
        for text in (self.vi, self.en, self.zh):
            if not text.strip() or len(text) > LONGEST_SENTENCE:
                msg = f"each of vi, en and zh needs a sentence of at most {LONGEST_SENTENCE} characters"
                raise ValueError(msg)
