"""The trained detectors of faces, for tests that need them."""

import pytest

from devices.imaging.face_models import FaceModels, load_face_models


def first_model() -> FaceModels:
    """BlazeFace, with the second detector where there is one; skips where the locked package is not installed."""
    models, limit = load_face_models()
    if models is None:
        pytest.skip(limit)
    return models


def both_models() -> FaceModels:
    """Both detectors; skips where one is missing (the second has no wheels for Python 3.13 and later)."""
    models, limit = load_face_models()
    if models is None or limit:
        pytest.skip(limit)
    return models
