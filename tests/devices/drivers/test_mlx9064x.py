"""Raw pages of the MLX90640 and MLX90641: the vendor's example, a second library, and the sheets done by hand."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from devices.__main__ import app
from devices.drivers.mlx9064x.calibration import CalibrationError
from devices.drivers.mlx9064x.eeprom_90640 import read_90640
from devices.drivers.mlx9064x.hamming import content_of, with_parity
from devices.errors import DeviceConfigurationError
from devices.reading import Fault, FaultCode, ThermalFrame
from devices.registry import load_driver
from tests.devices import mlx_pages
from tests.devices.mlx_pages import be, framed, memory_words, page_words, picture_pages
from tests.devices.sheet_90641 import by_hand_90641
from tests.devices.specimens import AT

CHESS_REGISTER = 0x1901
"""Control register 1 of the vendor's example."""


def driver_of(**options):
    return load_driver("mlx9064x")(device_id="array-1", options=options)


def decode(*chunks, **options):
    driver = driver_of(**options)
    events = [event for chunk in chunks for event in driver.feed(chunk, received_at=AT)]
    return events + list(driver.finish(received_at=AT))


def pictures(events):
    return [event for event in events if isinstance(event, ThermalFrame)]


def codes(events):
    return [event.code for event in events if isinstance(event, Fault)]


@pytest.fixture(scope="module")
def example(shared):
    folder = shared / "data" / "devices" / "mlx90640"
    parts = [(folder / name).read_bytes() for name in ("eeprom_be.bin", "frame0_ram_be.bin", "frame1_ram_be.bin")]
    return parts, np.loadtxt(folder / "expected_to_celsius_eps1.0.csv", delimiter=",")


def as_bridge(parts):
    memory, *halves = parts
    words = np.frombuffer(memory, dtype=">u2")
    frames = [framed("E", words)]
    for half, ram in enumerate(halves):
        frames.append(framed("R", [*np.frombuffer(ram, dtype=">u2"), half, CHESS_REGISTER], number=half))
    return b"".join(frames)


def as_text(parts):
    words = np.frombuffer(b"".join(parts), dtype=">u2")
    return ("uint16_t words[] = {\n" + ",\n".join(f"0x{word:04X}" for word in words) + "};\n").encode()


@pytest.mark.parametrize("layout", ["bridge", "words", "text"])
def test_the_vendors_example_agrees_with_its_published_temperatures(example, layout):
    parts, published = example
    content = {"bridge": as_bridge, "words": b"".join, "text": as_text}[layout](parts)
    cut = [content[at : at + 999] for at in range(0, len(content), 999)]
    (picture,) = decode(*cut, layout=layout, emissivity=1.0)
    assert np.abs(picture.celsius[:, ::-1] - published).max() < 0.001
    assert (picture.ambient_c, picture.device_c) == (None, pytest.approx(33.99, abs=0.01))


def test_the_command_line_decodes_the_vendors_example(example, tmp_path):
    parts, published = example
    file = tmp_path / "example.bin"
    file.write_bytes(b"".join(parts))
    told = CliRunner().invoke(
        app, ["decode", "mlx9064x", str(file), "--option", "layout=words", "--option", "emissivity=1.0"]
    )
    assert told.exit_code == 0
    assert json.loads(told.stdout)["maximum_c"] == pytest.approx(published.max(), abs=0.001)


def varied(example, *, seed, control):
    """The example with every coefficient disturbed, so that no term of the calculation is nought."""
    chance = np.random.default_rng(seed)
    memory, *halves = (np.frombuffer(part, dtype=">u2").astype(np.int64) for part in example[0])
    memory[57] = chance.integers(1, 40)  # sensitivity of the compensation pixel
    memory[60] = memory[60] & 0xFF00 | chance.integers(1, 32)  # TGC
    memory[53] = chance.integers(1, 0xFFFF)  # chess corrections
    memory[61] = int(memory[61]) ^ 0x0102
    if not control & 0x0800:  # one bit less of resolution: the supply reads half as much
        for half in halves:
            half[810] = ((int(half[810]) - 65536) // 2) & 0xFFFF
    return memory, [[*map(int, half), control, number] for number, half in enumerate(halves)]


@pytest.mark.parametrize("control", [0x1901, 0x0901, 0x1501])
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("emissivity", [1.0, 0.95])
def test_a_second_library_says_the_same_in_both_patterns(example, control, seed, emissivity):
    from tests.devices.pure_python_array import PurePythonArray

    memory, halves = varied(example, seed=seed, control=control)
    other = np.array(PurePythonArray(memory).image(halves, emissivity=emissivity)).reshape(24, 32)
    words = be(memory) + b"".join(be(half) for half in halves)
    (picture,) = decode(words, layout="words", registers=True, emissivity=emissivity)
    assert np.abs(picture.celsius[:, ::-1] - other).max() < 0.003, "that library rounds its coefficients to integers"


@pytest.mark.parametrize("control", [mlx_pages.CHESS, mlx_pages.ROWS_PATTERN])
@pytest.mark.parametrize("emissivity", [0.98, 0.6])
def test_temperatures_come_back_from_pages_made_of_them(control, emissivity):
    celsius = np.random.default_rng(5).uniform(-15, 110, size=(24, 32))
    stream = framed("E", memory_words()) + picture_pages(celsius, emissivity=emissivity, control=control)
    (picture,) = decode(stream, emissivity=emissivity)
    step_c = 1 / (4 * 258**3 * emissivity * mlx_pages.ALPHA_COUNTS / 2**mlx_pages.ALPHA_SCALE)
    assert np.abs(picture.celsius[:, ::-1] - celsius).max() < 0.6 * step_c, "half a count, where a count is coarsest"
    assert picture.device_c == pytest.approx(mlx_pages.CHIP_C, abs=0.02)


def test_what_the_face_reflects_can_be_said():
    celsius = np.full((24, 32), 35.0)
    stream = framed("E", memory_words()) + picture_pages(celsius)
    (open_air,) = decode(stream)
    (warm_room,) = decode(stream, reflected_c=30.0)
    assert 0.1 < float(open_air.celsius.mean() - warm_room.celsius.mean()) < 0.4


@pytest.mark.parametrize("control", [mlx_pages.CHESS, mlx_pages.ROWS_PATTERN])
def test_broken_and_outlying_pixels_are_taken_from_their_neighbours_of_the_same_half(control):
    celsius = np.tile(np.linspace(20, 36, 32), (24, 1))
    spoiled = celsius.copy()
    places = [0, 33, 767, 400]
    for place in places:
        spoiled.ravel()[place] = 90.0
    stream = framed("E", memory_words(broken=places[:2], outliers=places[2:]))
    (picture,) = decode(stream + picture_pages(spoiled, control=control))
    assert np.abs(picture.celsius[:, ::-1] - celsius).max() < 1.0


def test_a_broken_pixel_that_gives_no_number_spoils_no_picture():
    halves = [page_words(np.full((24, 32), 30.0), emissivity=0.98, subpage=half) for half in (0, 1)]
    for half in halves:
        half[100] = -30_000
    pages = b"".join(framed("R", words, number=number) for number, words in enumerate(halves))
    assert codes(decode(framed("E", memory_words()) + pages)) == [FaultCode.IMPLAUSIBLE_FRAME]
    (picture,) = decode(framed("E", memory_words(broken=[100])) + pages)
    assert float(picture.celsius.max() - picture.celsius.min()) < 0.1


def test_a_sensor_with_more_bad_pixels_than_may_be_sold_is_refused():
    events = decode(framed("E", memory_words(broken=[1, 40, 90, 200, 300])) + picture_pages(np.full((24, 32), 30.0)))
    assert codes(events)[0] is FaultCode.IMPLAUSIBLE_FRAME
    assert not pictures(events)
    with pytest.raises(CalibrationError, match="5 broken"):
        read_90640(memory_words(broken=[1, 40, 90, 200, 300]).astype(np.int64))


def test_pages_before_the_calibration_are_told_and_never_shown():
    events = decode(picture_pages(np.full((24, 32), 30.0)))
    assert codes(events) == [FaultCode.NOT_MEASURED, FaultCode.NOT_MEASURED]


def test_halves_of_two_moments_make_no_picture():
    first, second = (np.full((24, 32), value) for value in (25.0, 35.0))
    half = len(picture_pages(first)) // 2
    lost = picture_pages(first, number=0)[:half] + picture_pages(second, number=2)[half:]
    assert not pictures(decode(framed("E", memory_words()) + lost))
    jumped = picture_pages(first, number=0)[:half] + picture_pages(second, number=8)
    (picture,) = pictures(decode(framed("E", memory_words()) + jumped))
    assert float(picture.celsius.min()) > 34


def test_the_page_number_may_wrap():
    stream = framed("E", memory_words()) + picture_pages(np.full((24, 32), 30.0), number=0xFFFE)
    stream += picture_pages(np.full((24, 32), 30.0), number=0)
    assert len(pictures(decode(stream))) == 2


@pytest.mark.parametrize("word", [778, 800, 810])
def test_a_page_whose_own_voltages_cannot_be_is_no_picture(word):
    halves = [page_words(np.full((24, 32), 30.0), emissivity=0.98, subpage=half) for half in (0, 1)]
    halves[1][word] = 0
    pages = b"".join(framed("R", words, number=number) for number, words in enumerate(halves))
    assert codes(decode(framed("E", memory_words()) + pages)) == [FaultCode.IMPLAUSIBLE_FRAME]


def test_what_a_broker_kept_may_calibrate_but_is_never_a_picture():
    driver = driver_of()
    assert list(driver.feed(framed("E", memory_words()), received_at=AT, is_retained=True)) == []
    kept = list(driver.feed(picture_pages(np.full((24, 32), 30.0)), received_at=AT, is_retained=True))
    assert codes(kept) == [FaultCode.NOT_MEASURED, FaultCode.NOT_MEASURED]
    fresh = list(driver.feed(picture_pages(np.full((24, 32), 30.0)), received_at=AT))
    assert len(pictures(fresh)) == 1


@pytest.mark.parametrize("options", [{"emissivity": 0.0}, {"emissivity": 1.2}, {"layout": "x"}, {"emisivity": 0.9}])
def test_an_option_that_cannot_be_meant_is_refused(options):
    with pytest.raises(DeviceConfigurationError):
        driver_of(**options)


@settings(max_examples=100, deadline=None)
@given(
    chunks=st.lists(st.one_of(st.binary(max_size=3000), st.integers(0, 9).map(lambda n: bytes(500 * n)))),
    layout=st.sampled_from(["words", "text"]),
    chip=st.sampled_from([90640, 90641]),
    registers=st.booleans(),
)
def test_no_dump_raises(chunks, layout, chip, registers):
    for event in decode(*chunks, layout=layout, chip=chip, registers=registers):
        assert isinstance(event, Fault | ThermalFrame)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), chip=st.sampled_from([0x40, 0x41]))
def test_no_memory_and_page_of_noise_raises(seed, chip):
    chance = np.random.default_rng(seed)
    memory = chance.integers(0, 1 << 16, size=832)
    if chip == 0x41:
        memory[16:] = [with_parity(int(word) & 0x7FF) for word in memory[16:]]
        memory[10] |= 0x0040
    else:
        memory[64:] &= 0xFFFE
        memory[10] &= 0xFFBF
    size = 834 if chip == 0x40 else 434
    pages = [[*chance.integers(0, 1 << 16, size=size - 2), half, chance.integers(0, 1 << 16)] for half in (0, 1)]
    stream = framed("E", memory, chip=chip)
    stream += b"".join(framed("R", page, number=half, chip=chip) for half, page in enumerate(pages))
    for event in decode(stream):
        assert isinstance(event, Fault | ThermalFrame)


# MLX90641 -------------------------------------------------------------------------------------------------------


SHEET_90641 = """
0000 b7e8 d016 0000 0000 c2fd 1a43 ca9a 5164 018c 018c 018c 9cb1 956c a5cc 7dd1
6d7f 3cd4 27b8 19e6 f137 7814 2658 ef9e 917f f018 e156 4817 1c80 233e c826 cffc
a009 bb53 f194 fc00 7814 ed22 ed22 ed22 ed22 ed22 80c8 ed22 4190 ed22 da58 ed22
"""
"""Words 0x2410 to 0x243F of the worked example in the data sheet of the MLX90641."""


def sheet_memory():
    words = np.zeros(832, dtype=np.int64)
    words[10] = 0x0040
    header = [int(word, 16) for word in SHEET_90641.split()]
    words[16 : 16 + len(header)] = header
    for start, word in ((64, 0xF849), (256, 0xFFFF), (448, 0xB8C0), (640, 0xD847)):
        words[start : start + 192] = word
    return words


def test_every_word_of_the_sheets_example_keeps_its_code_and_one_wrong_bit_is_mended():
    words = sheet_memory()[16:].astype(np.uint16)
    contents, beyond = content_of(words)
    assert beyond == 0
    assert (contents == words & 0x7FF).all()
    for bit in range(16):
        mended, beyond = content_of(words ^ np.uint16(1 << bit))
        assert beyond == 0
        assert (mended == contents).all()


@given(content=st.integers(0, 0x7FF), first=st.integers(0, 15), second=st.integers(0, 15))
def test_two_wrong_bits_are_found_and_one_is_mended(content, first, second):
    broken = np.array([with_parity(content) ^ (1 << first) ^ (1 << second)], dtype=np.uint16)
    mended, beyond = content_of(broken)
    assert (beyond == 1) == (first != second)
    assert first != second or int(mended[0]) == content


def ram_90641(seed, *, subpage):
    """A page of RAM that suits the sheet's memory: chip near 35 °C, objects from cold to hot."""
    chance = np.random.default_rng(seed)
    ram = np.zeros(434, dtype=np.int64)
    ram[:384] = chance.integers(-1900, 1800, size=384)
    ram[416], ram[384], ram[394], ram[426], ram[392] = 1711, 19_442, 9972, -13_430, -75
    ram[432], ram[433] = subpage, 0x1901
    return ram


@pytest.mark.parametrize("subpage", [0, 1])
@pytest.mark.parametrize("emissivity", [1.0, 0.95])
def test_the_mlx90641_agrees_with_its_sheet_done_by_hand(subpage, emissivity):
    memory = sheet_memory()
    chance = np.random.default_rng(3)
    memory[256:448] = [with_parity(int(word)) for word in chance.integers(1500, 2047, size=192)]
    memory[448:640] = [with_parity(int(word)) for word in chance.integers(0, 2047, size=192)]
    ram = ram_90641(seed=9, subpage=subpage)
    expected, ta = by_hand_90641(memory, ram.tolist(), subpage=subpage, emissivity=emissivity)
    assert expected.min() < 0, "a colder range is met"
    assert expected.max() > 80, "and a hotter one"
    stream = framed("E", memory, chip=0x41) + framed("R", ram, chip=0x41)
    (picture,) = decode(stream, emissivity=emissivity)
    assert picture.celsius.shape == (12, 16)
    assert np.abs(picture.celsius[:, ::-1] - expected).max() < 0.001
    assert (picture.ambient_c, picture.device_c) == (None, pytest.approx(ta, abs=0.001))


def test_a_librarys_frame_of_the_mlx90641_gives_the_same_as_its_ram():
    memory, ram = sheet_memory(), ram_90641(seed=2, subpage=1)
    (from_bridge,) = decode(framed("E", memory, chip=0x41) + framed("R", ram, chip=0x41))
    pixels = ram[:384].reshape(6, 2, 32)[:, 1].ravel()
    frame = [*pixels, *ram[384:432], 0x1901, 1]
    (from_dump,) = decode(be(memory) + be(frame), layout="words", chip=90641, registers=True)
    assert (from_bridge.celsius == from_dump.celsius).all()


def test_a_memory_beyond_mending_is_refused():
    memory = sheet_memory()
    memory[300] ^= 0x0011
    events = decode(framed("E", memory, chip=0x41))
    assert codes(events) == [FaultCode.IMPLAUSIBLE_FRAME]
    assert "mend" in events[0].detail
