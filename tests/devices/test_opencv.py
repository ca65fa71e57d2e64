"""OpenCV is loaded by programs that look at pictures, and by no other."""

import json
import subprocess
import sys

import pytest

from devices.opencv import cv2

PROGRAMS = """
import json, sys
import checkpoint.__main__, checkpoint.app.edge_app, devices.__main__
from devices.registry import driver_names, load_driver
for name in driver_names():
    load_driver(name)
before = "cv2" in sys.modules
from devices.imaging.face_finder import load_face_finder
finder, _ = load_face_finder(longer_side_px=32)
small = "cv2" in sys.modules
import numpy
finder.find(numpy.full((24, 32), 22.0, dtype=numpy.float32))
finder.find(numpy.eye(32, dtype=numpy.float32) * 9 + 26)
print(json.dumps([before, small, "cv2" in sys.modules]))
"""


def test_an_edge_and_all_its_drivers_load_it_only_when_somebody_is_looked_for_in_a_picture(root):
    done = subprocess.run([sys.executable, "-c", PROGRAMS], cwd=root, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [False, False, True]


def test_it_is_the_package_itself_that_is_used_and_a_wrong_name_is_refused_as_there():
    assert cv2.countNonZero is __import__("cv2").countNonZero
    assert issubclass(cv2.error, Exception)
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = cv2.no_such_name
