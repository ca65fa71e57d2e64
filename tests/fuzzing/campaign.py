"""One driver under fuzzing: mutate, feed, judge, and keep whatever ran code or gave an outcome not seen before.

An execution is one input fed to a decoder at the beginning of its stream, ended, and judged. The laws on each: nothing
is raised, by feeding or at the end; the events are the package's own and not more than the bytes can hold; it takes
no more than 10 s of the processor. Three in sixteen are judged further, one in sixteen each: what the decoder holds
stays small; a single flipped bit never makes an event that was not sent (drivers with a checksum); after whatever
came, good units are read again (checksums and lines). A driver to which one of the last two does not apply gets a
usual execution in its place.
"""

import random
import signal
from collections import Counter, deque
from contextlib import contextmanager
from time import process_time

from devices.reading import CommandReply, Fault, Reading, ScannedText, ThermalFrame
from devices.registry import load_driver
from tests.devices.specimens import AT, SPECIMENS, good
from tests.fuzzing.instrumented import HITS
from tests.fuzzing.mutations import below, in_pieces, mutated, one_of

EVENTS = (Reading, ThermalFrame, ScannedText, CommandReply, Fault)
MOST_HELD_BYTES = 6_000_000
MOST_ENTRIES = 600
MOST_CORPUS_BYTES = 8_000_000
MOST_INPUT_BYTES = 400_000
LEAST_INPUT_BYTES = 4096
GOOD_UNITS_AFTER = 4
LOOK_AT_CLOCK_S = 5.0
_EVERY = 16


class LawBrokenError(AssertionError):
    """A decoder broke a law; ``units`` are the bytes that made it do so."""

    def __init__(self, law, *, driver, units):
        super().__init__(f"{driver}: {law}")
        self.law, self.driver, self.units = law, driver, units


class Campaign:
    """All that is known of one driver; ``run`` adds executions. The same seed makes the same inputs."""

    def __init__(self, name, *, seed):
        self.name, self.counts = name, Counter()
        self._chance = random.Random(f"{seed} {name}")
        self._class, self._specimen = load_driver(name), SPECIMENS[name]
        wire = self._class.manifest.wire
        self._is_stream = not wire.is_message
        self._can_come_back = wire.is_stream and bool(self._specimen.is_checksummed or self._specimen.garbage_ends_with)
        sent_bytes = sum(map(len, self._specimen.units))
        self._most_bytes = min(MOST_INPUT_BYTES, max(LEAST_INPUT_BYTES, sent_bytes + sent_bytes // 2))
        self.corpus, self._corpus_bytes = [], 0
        self._known, self._outcomes, self._fed = bytes(len(HITS)), set(), ()
        with self._hits():
            self._sent = set(good(self._decode(self._specimen.units, is_cut=False)))
            self._last = good(self._decode((self._specimen.units[-1],), is_cut=False))
            HITS[:] = bytes(len(HITS))
            units = (*self._specimen.units, *self._specimen.never)
            for entry in (*((unit,) for unit in units), self._specimen.units):
                self._note(entry, self._decode(entry, is_cut=False), is_kept_anyway=True)

    @property
    def executions(self):
        """How many inputs were fed and judged; the specimens and what was kept before are not counted."""
        return self.counts["executions"]

    @property
    def blocks(self):
        """How many blocks of the drivers' code this driver's inputs ran."""
        return sum(self._known)

    def adopt(self, entries):
        """Take over inputs kept before, or by another process, that are of use; uncounted, and judged all the same."""
        with self._hits():
            while entries:
                entry = entries.pop(0)
                self._note(entry, self._decode(entry, is_cut=False))

    def run(self, executions, *, cpu_s=float("inf")):
        """Execute so many inputs, or for so long; raises ``LawBrokenError`` at the first broken law."""
        until_s = process_time() + cpu_s
        with self._hits(), self._watch():
            for number in range(executions):
                if number % 64 == 63 and process_time() > until_s:
                    return
                self._execute()

    def _execute(self):
        self.counts["executions"] += 1
        extra = self.executions % _EVERY
        if extra == 0 and self._specimen.is_checksummed:
            self._flip_one_bit()
            return
        units = mutated(
            self._drawn(), self._chance, other=one_of(self.corpus, self._chance), most_bytes=self._most_bytes
        )
        if extra == 1 and self._can_come_back:
            self._come_back(units)
        else:
            self._note(units, self._decode(units, looks_at_memory=extra == 2))

    def _drawn(self):
        """Draw an input to begin with: the shorter of two in half of all cases, as short ones cost less."""
        one = one_of(self.corpus, self._chance)
        if self._chance.random() < 0.5:
            return one
        return min(one, one_of(self.corpus, self._chance), key=_length)

    def _decode(self, units, *, is_cut=True, looks_at_memory=False):
        """Feed a fresh decoder and end it; gives the events."""
        chunks = in_pieces(b"".join(units), self._chance) if self._is_stream and is_cut else units
        self._fed = chunks
        driver = self._fresh()
        try:
            events = [event for chunk in chunks for event in driver.feed(chunk, received_at=AT)]
            if looks_at_memory:
                self.counts["looks_at_memory"] += 1
                self._law(held_bytes(driver) <= MOST_HELD_BYTES, "holds more than it may")
            events += driver.finish(received_at=AT)
        except LawBrokenError:
            raise
        except Exception as error:
            law = f"raised {type(error).__name__}: {error}"
            raise LawBrokenError(law, driver=self.name, units=tuple(chunks)) from error
        is_own = all(isinstance(event, EVENTS) for event in events) and len(events) <= 8 + sum(map(len, units))
        self._law(is_own, "gave what is no event, or more events than bytes")
        return events

    def _fresh(self):
        return self._class(device_id="device-1", options=self._specimen.options)

    def _law(self, is_kept, law):
        if not is_kept:
            raise LawBrokenError(law, driver=self.name, units=tuple(self._fed))

    def _note(self, units, events, *, is_kept_anyway=False):
        """Keep an input that ran a new block or had a new outcome."""
        outcome = frozenset(
            (type(event).__name__, getattr(event, "code", None), getattr(event, "is_usable", None)) for event in events
        )
        if self._known == HITS and outcome in self._outcomes and not is_kept_anyway:
            return
        self._known = bytes(HITS)
        self._outcomes.add(outcome)
        self.corpus.append(units)
        self._corpus_bytes += _length(units)
        while len(self.corpus) > MOST_ENTRIES or self._corpus_bytes > max(MOST_CORPUS_BYTES, 4 * self._most_bytes):
            places = [below(len(self.corpus) - 1, self._chance) + 1 for _ in range(2)]
            self._corpus_bytes -= _length(self.corpus.pop(max(places, key=lambda at: _length(self.corpus[at]))))

    @contextmanager
    def _hits(self):
        """Lend the marks to this driver: a block once run stays marked, so that a new one shows as a difference."""
        HITS[:] = self._known
        yield

    @contextmanager
    def _watch(self):
        """Look every 5 s of processor time, which no load of the machine stretches, whether a new input came."""
        seen = []

        def look(_signal, _frame):
            self._law(self.executions not in seen, f"takes more than {LOOK_AT_CLOCK_S:.1f} s of the processor")
            seen[:] = [self.executions]

        before = signal.signal(signal.SIGVTALRM, look)
        signal.setitimer(signal.ITIMER_VIRTUAL, LOOK_AT_CLOCK_S, LOOK_AT_CLOCK_S)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.signal(signal.SIGVTALRM, before)

    def _flip_one_bit(self):
        """Flip one bit anywhere in the specimens: every checksum in use shows that."""
        self.counts["bit_flips"] += 1
        content = bytearray(b"".join(self._specimen.units))
        content[below(len(content), self._chance)] ^= 1 << below(8, self._chance)
        events = self._decode((bytes(content),))
        self._law(self._sent.issuperset(good(events)), "took a frame whose checksum shows that it is damaged")
        self._note((bytes(content),), events)

    def _come_back(self, units):
        """Let good units follow whatever came: the last of them must be read."""
        self.counts["ways_back"] += 1
        after = (self._specimen.garbage_ends_with, *([self._specimen.units[-1]] * GOOD_UNITS_AFTER))
        events = self._decode((*units, *after))
        found = good(events)
        self._law(found[-len(self._last) :] == self._last, f"is not back within {GOOD_UNITS_AFTER} good units")
        self._note(units, events)


def _length(units):
    return sum(map(len, units))


def held_bytes(driver):
    """Add up the bytes, texts and collections that a decoder holds, some levels deep."""
    total, waiting = 0, [(driver, 0)]
    while waiting:
        one, depth = waiting.pop()
        if isinstance(one, bytes | bytearray | str):
            total += len(one)
        elif isinstance(one, list | tuple | set | frozenset | deque | dict) and depth < 5:
            total += 8 * len(one)
            waiting += [(each, depth + 1) for each in (one.values() if isinstance(one, dict) else one)]
        elif hasattr(one, "__dict__") and depth < 5 and type(one).__module__.startswith("devices"):
            waiting += [(each, depth + 1) for each in vars(one).values()]
    return total
