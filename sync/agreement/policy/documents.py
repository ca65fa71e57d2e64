"""Policy documents: one TOML file each, read once at start, refused whole if one field is wrong.

A document is a law pack (clocks, forms, roles), a procedure (the province's measuring practice:
thresholds, validity, exceptions) or a set of orders (one directive). Its rules cite it by
``cite_as``; a rule may name another text in its own ``citation.document``, as a law pack does.
"""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from sync.agreement.facts import PolicyReference
from sync.agreement.identifiers import IdentifierError, slug
from sync.agreement.policy.kinds import AnyRule, build_rule
from sync.agreement.policy.method_rules import ThresholdMethodRule

POLICIES_FOLDER = Path(__file__).parent.parent / "policies"


class PolicyError(ValueError):
    """A policy document is wrong: its author must mend it; loading it again will not help."""


class PolicyOutdatedError(PolicyError):
    """A document is no newer than the one of its id in force: a replay, or one that was overtaken."""


class PolicyKind(StrEnum):
    """Law packs, the province's measuring procedure, and orders."""

    LAW = "law"
    PROCEDURE = "procedure"
    ORDERS = "orders"


class Titles(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the document is called, in the three languages of the product."""

    vi: str
    en: str
    zh: str


class PolicyDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One dated document and its rules.

    ``issued_on`` is the date on the paper and decides nothing (directive 002 is misdated by a year);
    each rule carries its own dates. ``source_file`` names the directive's file, if it is one.
    ``replaced_on`` tells when a law was replaced: information for the reader, since which law pack
    is used is the deployment's choice.
    """

    id: str
    version: int
    kind: PolicyKind
    title: Titles
    cite_as: str
    issued_by: str
    document_number: str = ""
    issued_on: date | None = None
    replaced_on: date | None = None
    source_file: str = ""
    rules: tuple[AnyRule, ...]

    @property
    def reference(self) -> PolicyReference:
        """What a decision writes down about this document."""
        return PolicyReference(policy_id=self.id, version=self.version)

    def is_in_force_within(self, starts_at: datetime, ends_at: datetime) -> bool:
        """Whether any of its rules is in force at some instant of ``[starts_at, ends_at)``."""
        return any(
            rule.effective_from < ends_at and (rule.effective_to is None or rule.effective_to > starts_at)
            for rule in self.rules
        )


def load_policy_document(name: str | Path) -> PolicyDocument:
    """Read a document: a name stands for a file of this package, anything else for a path.

    Raises:
        PolicyError: the file is missing, no TOML, or a rule is wrong; names file, rule and field.
    """
    path = Path(name)
    if path.suffix != ".toml":
        path = POLICIES_FOLDER / f"{name}.toml"
    try:
        parsed = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        msg = f"{path.name}: no such policy document in {path.parent}"
        raise PolicyError(msg) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        msg = f"{path.name}: not readable as TOML: {error}"
        raise PolicyError(msg) from error
    return parse_policy_document(parsed, file_name=path.name)


def parse_policy_text(text: str, *, name: str) -> PolicyDocument:
    """Read a document that came as text; ``name`` is only for the words of an error.

    Raises:
        PolicyError: as ``load_policy_document``, whatever the text holds.
    """
    try:
        parsed = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        msg = f"{name}: not readable as TOML ({type(error).__name__})"
        raise PolicyError(msg) from error
    return parse_policy_document(parsed, file_name=name)


def parse_policy_document(parsed: Mapping[str, Any], *, file_name: str) -> PolicyDocument:
    """Build a document from parsed TOML; ``file_name`` is only for the words of an error.

    Raises:
        PolicyError: as ``load_policy_document``.
    """
    head = {key: value for key, value in parsed.items() if key != "rule"}
    cite_as = str(head.get("cite_as", ""))
    rules = [_parse_rule(fields, cite_as=cite_as, file_name=file_name) for fields in _rule_tables(parsed, file_name)]
    try:
        document = msgspec.convert({**head, "rules": ()}, type=PolicyDocument)
        slug(document.id)
    except (msgspec.ValidationError, IdentifierError) as error:
        msg = f"{file_name}: {error}"
        raise PolicyError(msg) from error
    _refuse_doubles([rule.rule_id for rule in rules], file_name=file_name)
    if document.kind is PolicyKind.LAW:
        _refuse_site_policy(rules, file_name=file_name)
    return msgspec.structs.replace(document, rules=tuple(rules))


def _rule_tables(parsed: Mapping[str, Any], file_name: str) -> list[dict[str, Any]]:
    tables = parsed.get("rule", [])
    if not isinstance(tables, list) or not all(isinstance(fields, dict) for fields in tables):
        msg = f"{file_name}: rule must be a list of tables [[rule]]"
        raise PolicyError(msg)
    return tables


def _parse_rule(fields: Mapping[str, Any], *, cite_as: str, file_name: str) -> AnyRule:
    rule_id = fields.get("rule_id", "without rule_id")
    try:
        citation = {"document": cite_as, **fields.get("citation", {})}
        return build_rule({**fields, "citation": citation})
    except (msgspec.ValidationError, ValueError, TypeError) as error:
        msg = f"{file_name}: rule {rule_id!r}: {error}"
        raise PolicyError(msg) from error


def _refuse_doubles(rule_ids: list[str], *, file_name: str) -> None:
    doubles = sorted({rule_id for rule_id in rule_ids if rule_ids.count(rule_id) > 1})
    if doubles:
        msg = f"{file_name}: rule {doubles[0]!r}: rule_id stands twice"
        raise PolicyError(msg)


def _refuse_site_policy(rules: list[AnyRule], *, file_name: str) -> None:
    for rule in rules:
        if isinstance(rule, ThresholdMethodRule):
            msg = (
                f"{file_name}: rule {rule.rule_id!r}: kind: threshold_method is a site's policy and no matter of law; "
                "put it into an order or the procedure"
            )
            raise PolicyError(msg)
