"""What is known of an edge's devices when it starts: as much as was kept, and a bounded tail of their readings."""

from checkpoint.actions.instrument_book import InstrumentBook
from checkpoint.settings import DeviceSettings, Settings
from checkpoint.store.edge_store import EdgeStore
from checkpoint.store.instruments import load_conditions
from checkpoint.store.watching import last_observations, load_drifts, load_limits
from checkpoint.watching import Watch
from devices.errors import DeviceError
from devices.registry import load_driver


def known_devices(store: EdgeStore, *, settings: Settings) -> tuple[InstrumentBook, Watch]:
    """Return the book of the instruments, which asks the watch what speaks against one, and the watch itself."""
    watch = watch_of(store, settings=settings)
    with store.readers.connect() as connection:
        book = InstrumentBook(load_conditions(connection))
    book.findings = watch.findings
    return book, watch


def watch_of(store: EdgeStore, *, settings: Settings) -> Watch:
    """Know the devices again: limits and charts as they are kept, and what the newest readings showed."""
    resolutions_c = {device.device_id: _resolution_c(device) for device in settings.device}
    with store.readers.connect() as connection:
        watch = Watch(resolutions_c=resolutions_c, limits=load_limits(connection), drifts=load_drifts(connection))
        for device_id, observation in last_observations(connection):
            watch.observe(device_id, observation)
    return watch


def _resolution_c(device: DeviceSettings) -> float | None:
    """Return in which steps a device prints, as its maker says; ``None`` where nobody says."""
    try:
        return load_driver(device.driver).manifest.resolution_c
    except DeviceError:
        return None
