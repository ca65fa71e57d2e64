"""The command ``drill``: a scripted exercise on the stations of a gate, with simulated scanners."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import structlog
import typer

from checkpoint.actions.entrusting import OfficerOrder
from checkpoint.command_line import SettingsOption, fail, loaded, stop
from checkpoint.drill import LineState, Scenario, ScenarioError, Timeline, load_scenario, scenario_names
from checkpoint.drill.debrief import timeline_lines
from checkpoint.rehearsal.autoplay import Crew
from checkpoint.rehearsal.player import Player
from checkpoint.rehearsal.site import DrillSite, open_site
from checkpoint.rehearsal.stage import Stage
from checkpoint.serving import configure_logs, serve_edge
from checkpoint.settings import PROJECT_ROOT, Settings, find_settings, load_settings
from checkpoint.store.connection import write_private_file
from checkpoint.writing import have_written
from sync.agreement.labels_catalogue import LANGUAGES, Catalogue
from web.passwords import Passwords

_log = structlog.get_logger("checkpoint")
RESULT = "timeline.json"


def drill_command(
    *,
    scenario: Annotated[str, typer.Argument(help="A scenario's name (see --list), or a TOML file of one's own.")] = "",
    list_all: Annotated[bool, typer.Option("--list", help="Print the scenarios that come with the program.")] = False,
    speed: Annotated[float, typer.Option(min=0.1, max=100, help="How much quicker the script comes.")] = 1.0,
    autoplay: Annotated[bool, typer.Option("--autoplay", help="Let played officers do everything, and end.")] = False,
    port: Annotated[int, typer.Option(min=1024, max=65000, help="First port to try.")] = 8190,
    folder: Annotated[Path | None, typer.Option(help="Where drills are kept; else beside the edge's own data.")] = None,
    language: Annotated[str, typer.Option(help="vi, en or zh: the language of what is printed.")] = "vi",
    stations: Annotated[bool, typer.Option("--built-in", help="Two built-in lanes, whatever gate is set up.")] = False,
    settings: SettingsOption = None,
) -> None:
    """Play a drill: its own edge, folder, database and keys; simulated scanners; a scored timeline at the end.

    The real edge may run beside it: nothing of it is opened. Every record of the drill carries its mark, and
    no centre takes one.
    """
    if language not in LANGUAGES:
        stop(f"the languages are {', '.join(LANGUAGES)}")
    if list_all or not scenario:
        sys.stdout.write(_listed(language))
        return
    configure_logs()
    real = None if stations else _real_settings(settings)
    try:
        script = load_scenario(scenario)
        root = folder or (PROJECT_ROOT / "var" / "drill" if real is None else real.data_path.parent / "drill")
        site = _opened(script, path=scenario, real=real, root=root, port=port)
        result = _play(site, script, speed=speed, autoplay=autoplay)
    except (ScenarioError, OSError) as error:
        fail(error)
    sys.stdout.write("\n".join(timeline_lines(result, scenario=script, catalogue=Catalogue.load(language))) + "\n")
    sys.stdout.write(msgspec.json.encode(_figures(result, site=site)).decode() + "\n")


def _real_settings(path: Path | None) -> Settings | None:
    """Return the settings of the gate on whose stations the drill is played, or ``None`` where none is set up."""
    if path is not None:
        return loaded(path)
    try:
        return load_settings(find_settings(None))
    except ValueError:
        return None


def _opened(script: Scenario, *, path: str, real: Settings | None, root: Path, port: int) -> DrillSite:
    own = path if path in scenario_names() else str(Path(path).resolve())
    return open_site(script, scenario_path=own, real=real, root=root, port=port, now=datetime.now(UTC))


def _play(site: DrillSite, script: Scenario, *, speed: float, autoplay: bool) -> Timeline:
    """Serve the drill's edge until the drill is over, or a person stops it; return its timeline."""
    configured = load_settings(site.settings_path)
    passwords = Passwords()
    have_written(configured, [OfficerOrder(user=account.as_user(passwords=passwords)) for account in site.accounts])
    stage = Stage(site)
    crews: list[Crew] = []

    def begin(player: Player) -> None:
        _announce(site, script)
        if autoplay:
            crews.append(Crew(player))
            crews[0].start()

    player = Player(site, script, stage=stage, speed=speed, ends_itself=autoplay, on_ready=begin)
    stage.open()
    try:
        serve_edge(configured, companion=player)
    finally:
        stage.close()
        for crew in crews:
            crew.stop()
    if player.trouble is not None or player.result is None:
        fail(player.trouble or RuntimeError("the drill ended before it began"))
    write_private_file(site.folder / RESULT, msgspec.json.format(msgspec.json.encode(player.result)))
    return player.result


def _announce(site: DrillSite, script: Scenario) -> None:
    """Say where the stations are and who may sign in; these accounts end with the drill's folder."""
    lines = ["", f"  DIỄN TẬP / EXERCISE / 演练: {script.title.vi}", ""]
    lines += [f"  {lane.settings.label}: {site.url}/lanes/{lane.settings.lane_id}" for lane in site.lanes]
    lines += [f"  {site.url}/isolation", f"  {site.url}/drill", ""]
    lines += [f"  {account.username:<10} {account.password}   {account.name}" for account in site.accounts]
    sys.stderr.write("\n".join([*lines, "", ""]))


def _listed(language: str) -> str:
    rows = ((name, load_scenario(name)) for name in scenario_names())
    return "".join(f"{name:<24} {script.title.in_language(language)}\n" for name, script in rows)


def _figures(result: Timeline, *, site: DrillSite) -> dict[str, Any]:
    """The last line: what was reached, and where the timeline is kept."""
    return {
        "scenario": result.scenario_id,
        "is_exercise": True,
        "is_whole": result.is_whole,
        "points": result.points,
        "possible": result.possible,
        **{state.value: result.count(state) for state in LineState if state is not LineState.WAITING},
        "timeline": str(site.folder / RESULT),
    }
