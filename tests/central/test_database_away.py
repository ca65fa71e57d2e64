"""The centre while its database is away: it says so, takes nothing, and goes on when it is back."""

import httpx

from sync.exchange.protocol import Phase
from tests.central.running import RunningCentre
from tests.sync.exchange.journals import EdgeJournal, screened


def test_a_centre_whose_database_is_away_refuses_plainly_and_takes_everything_once_when_it_is_back(
    own_postgres, tmp_path
):
    centre = RunningCentre(tmp_path, database_url=own_postgres.create_database())
    journal = EdgeJournal("mong-cai-1")
    centre.enrol(journal, gate="mong-cai")
    for number in range(3):
        journal.write(screened(f"c{number}"))
    centre.process.start()
    uplink = centre.uplink(journal)
    uplink.step()
    own_postgres.kill()

    uplink.step()
    assert (uplink.state.phase, uplink.state.reason) == (Phase.BACKING_OFF, "unavailable")
    health = httpx.get(f"{centre.url}/api/health")
    assert (health.status_code, health.json()["code"]) == (503, "centre_unavailable")
    assert "Traceback" not in (tmp_path / "centre.log").read_text("utf-8")
    refused = centre.command("verify")
    assert refused.returncode == 1
    assert "database does not answer" in refused.stderr
    assert "Traceback" not in refused.stderr

    own_postgres.start()
    for _ in range(4):
        uplink.step()
    verified = centre.command("verify")
    assert '"ledger_records": 3' in verified.stdout, verified.stdout + verified.stderr
    centre.end()
