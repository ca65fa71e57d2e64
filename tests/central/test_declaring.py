"""The centre under its public address takes declarations, keeps them sealed for the province; any gate reads them."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import msgspec
import pytest

from central.actions.opening import open_centre
from central.app import build_app
from central.settings import load_settings
from central.store.declaration_tables import declaration
from central.store.declarations import Declarations
from sync.agreement.declaration import DeclarationChannel, read_answers, read_code, strictest_terms
from sync.agreement.local_time import local_date
from sync.agreement.policy.legal_rules import DeclarationTerms
from sync.exchange.declaring import kept_declaration, known_services
from tests.central.running import write_settings
from tests.demands import demand
from tests.sync.agreement.declarations import form
from tests.web.serving import Visitor, served


def today_form(**changes):
    return form(today=local_date(datetime.now(UTC)).isoformat(), **changes) | {"language": "zh"}


@pytest.fixture
def centre(tmp_path):
    return open_centre(load_settings(write_settings(tmp_path, database_url=f"sqlite:///{tmp_path / 'c.db'}", port=0)))


@demand("R076")
def test_a_declaration_made_at_the_centre_is_read_by_a_gate_that_knows_the_centre_and_has_no_uplink(centre):
    sent = today_form(full_name="王小明", nationality="CHN")
    with served(build_app(centre)) as url, Visitor(url) as phone:
        assert "健康申报" in phone.get("/declare", params={"language": "zh"}).text
        first, again = (phone.post("/declare", data=sent) for _ in range(2))
        assert phone.post("/declare", data=sent | {"seat": "9Z"}).status_code == 409
        with centre.store.engine.connect() as connection:
            (row,) = connection.execute(declaration.select()).all()
    codes = {unescape(re.search(r'data-code="([^"]+)"', answer.text)[1]) for answer in (first, again)}
    (code,) = codes
    read = read_code(code, verify=known_services([centre.keys.signing.public_key().public_bytes_raw()]))
    assert read.is_verified
    assert read.declaration.full_name == "王小明"
    assert str(row.declaration_id) == sent["declaration_id"]
    assert "王小明".encode() not in row.sealed
    assert row.declared_at == read.declared_at


def test_what_the_law_lets_nobody_keep_is_deleted_and_nothing_else(store):
    table = Declarations(store.engine)
    at = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
    terms = _terms("law-vn-2020")
    assert terms.kept_for_days == 90
    kept = [_kept(at=at - timedelta(days=days), terms=terms) for days in (91, 89, 0)]
    for one in kept:
        assert table.put(one).fingerprint == one.fingerprint
    assert table.put(kept[2]).declared_at == at
    assert table.delete_past(now=at) == 1
    assert table.delete_past(now=at) == 0
    assert table.delete_past(now=at + timedelta(days=91)) == 2


def _terms(law):
    from tests.sync.agreement.test_law_packs import rules_of

    return strictest_terms(rules_of(law, DeclarationTerms))


def _kept(*, at, terms):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    day = local_date(at)
    read = read_answers(form(today=day.isoformat()), today=day, valid_for_days=terms.valid_for_days, language="vi")
    assert isinstance(read, msgspec.Struct), read
    return kept_declaration(
        read,
        channel=DeclarationChannel.PHONE,
        at=at,
        terms=terms,
        key=Ed25519PrivateKey.generate(),
        recipients={"province": X25519PrivateKey.generate().public_key()},
    )
