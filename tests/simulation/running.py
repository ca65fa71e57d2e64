"""Running one seed from its first step to the end of its healing."""

import gc

from tests.simulation.chance import Chance, seeded_entropy
from tests.simulation.deciding import Decider
from tests.simulation.edge import SimulatedEdge
from tests.simulation.model import ModelDifferenceError
from tests.simulation.nemesis import Nemesis
from tests.simulation.observing import after_healing, is_caught_up
from tests.simulation.world import DRIVERS, Laboratory, SeedResult, World

HEALING_ROUNDS = 25
ROUND_S = 61.0
"""Longer than a heartbeat: every edge asks in every round. A halted uplink asks again after five."""
OPERATOR_ROUND = 8
CALM_ROUNDS = 2
"""So long nothing may be on its way any more."""
_STEPS_PER_ROUND = 12
_COLLECT_EVERY = 10
"""So many seeds' garbage waits: looking for it at every turn costs a tenth of the time."""
_LONGEST_PAUSE_S = 400.0
_WORK = {
    "screen": 18.0,
    "follow_up": 8.0,
    "uplink": 34.0,
    "express": 6.0,
    "downlink": 6.0,
    "centre": 5.0,
    "wait": 3.0,
    "nemesis": 14.0,
}


_LABORATORIES: list[Laboratory] = []


def laboratory() -> Laboratory:
    """This process's own laboratory, made with its first seed."""
    if not _LABORATORIES:
        _LABORATORIES.append(Laboratory())
    return _LABORATORIES[0]


def run_task(task: tuple[int, int]) -> SeedResult:
    """Run one seed for a pool of processes: its number, and its most steps."""
    seed, most_steps = task
    if gc.isenabled():
        laboratory()
        gc.freeze()
        gc.disable()
    if seed % _COLLECT_EVERY == 0:
        gc.collect()
    return run_seed(seed, laboratory=laboratory(), most_steps=most_steps)


def run_seed(seed: int, *, laboratory: Laboratory, most_steps: int) -> SeedResult:
    """Run one seed; never raises for a finding, which is in ``violations``."""
    with seeded_entropy(seed):
        run = Run(seed, laboratory=laboratory, most_steps=most_steps)
        violations = run.whole()
    world = run.world
    return SeedResult(
        seed=seed,
        steps=world.steps,
        digest=world.digest,
        faults=dict(sorted(world.faults.items())),
        violations=violations,
    )


class Run:
    """One seed: work with faults, then healing, then the last look."""

    def __init__(self, seed: int, *, laboratory: Laboratory, most_steps: int) -> None:
        self.world = World(seed, laboratory=laboratory)
        self.nemesis = Nemesis(self.world)
        self.decider = Decider(self.world)
        self._chance = Chance(seed, "work")
        self._steps = self._chance.number(most_steps * 2 // 3, most_steps)

    def whole(self) -> tuple[str, ...]:
        """Work, heal, look; the first difference ends it."""
        try:
            for _ in range(self._steps):
                self.step()
            self.nemesis.heal()
            self.settle()
            after_healing(self.world)
        except ModelDifferenceError as difference:
            self.world.trace(f"VIOLATION {difference}")
            return (f"step {self.world.steps}: {difference}",)
        return ()

    def step(self) -> None:
        """One step, then a look at what it left behind."""
        world = self.world
        world.steps += 1
        world.pass_time(self._chance.amount(0.01, 3.0))
        kind = self._chance.weighted(_WORK)
        name = self._chance.one_of(sorted(world.edges))
        world.trace(f"{world.steps} {kind} {name}")
        match kind:
            case "screen":
                self._save(name, is_follow_up=False)
            case "follow_up":
                self._save(name, is_follow_up=True)
            case "uplink" | "express" | "downlink":
                self.work(name, driver=kind)
            case "centre":
                world.at_centre(self.decider.act)
            case "wait":
                world.pass_time(self._chance.amount(1.0, 400.0))
            case _:
                self.nemesis.strike()
        world.observe_centre()

    def _save(self, name: str, *, is_follow_up: bool) -> None:
        world = self.world
        officer = world.officers[name]
        saved = world.at_edge(name, officer.follow_up if is_follow_up else officer.screen)
        if saved is not None:
            world.model.acknowledge(name, saved.record_id)

    def work(self, name: str, *, driver: str) -> None:
        """Let one driver of an edge do its next step, when its pause has passed."""
        world, due_s = self.world, self.world.due_s
        key = (name, driver)
        if due_s[key] > world.elapsed_s:
            world.pass_time(min(due_s[key] - world.elapsed_s, _LONGEST_PAUSE_S))
        if due_s[key] <= world.elapsed_s:
            world.at_edge(name, lambda edge: self._step(edge, driver=driver), driver=driver)

    def _step(self, edge: SimulatedEdge, *, driver: str) -> str:
        pause_s = edge.step(driver)
        self.world.due_s[edge.site.name, driver] = self.world.elapsed_s + pause_s
        return f"{edge.told(driver)} {pause_s:.3f}"

    def settle(self) -> None:
        """I7: within a bound of rounds everything is delivered, and a minute later it still is."""
        calm = 0
        for number in range(HEALING_ROUNDS):
            self._healing_round()
            if number == OPERATOR_ROUND:
                self._let_operator_look()
            calm = calm + 1 if self._is_settled() else 0
            if calm == CALM_ROUNDS:
                break

    def _let_operator_look(self) -> None:
        """Do what the alarm asks for: only a person may say that a centre was restored where nothing proves it."""
        if self.world.centre.is_denied_by_mirrors() and not self._is_settled():
            self.world.strike("operator_renewed_epoch")
            self.world.centre.renew_epoch()

    def _healing_round(self) -> None:
        """A minute: every driver goes on until it rests; those with nothing to do are left in peace."""
        world = self.world
        world.steps += 1
        world.pass_time(ROUND_S)
        for name in sorted(world.edges):
            for driver in DRIVERS:
                if driver == "uplink" or not is_caught_up(world, name):
                    self._work_until_rest(name, driver=driver)
        world.at_centre(self.decider.sign)
        world.observe_centre()

    def _work_until_rest(self, name: str, *, driver: str) -> None:
        world = self.world
        for _ in range(_STEPS_PER_ROUND):
            if world.due_s[name, driver] > world.elapsed_s:
                break
            self.work(name, driver=driver)

    def _is_settled(self) -> bool:
        world = self.world
        if world.model.not_delivered():
            return False
        return all(is_caught_up(world, name) for name in world.edges)
