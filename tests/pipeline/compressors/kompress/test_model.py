from __future__ import annotations

import json

import pytest

from pipeline.compressors.kompress import model
from pipeline.compressors.kompress.evidence import EVIDENCE
from pipeline.compressors.kompress.features import NAMES
from pipeline.compressors.kompress.model import Model


def test_scores_are_whole_numbers_rounded_down():
    scored = Model((1024, -512), (), ((97, 9700),)).scores([[(3,), (0,), (1,)], [(0,), (3,), (1,)]])
    assert scored == [3, -2, 0]
    assert Model((1024, -512), (), ((97, 9700),)).scores([[(3, 0), (0, 3), (1, 1)]]) == scored


def test_masses_between_calibrated_points_lie_on_a_line():
    calibrated = Model((), (), ((90, 8000), (95, 9000), (99, 9900)))
    assert calibrated.mass(0.95) == pytest.approx(0.9)
    assert calibrated.mass(0.97) == pytest.approx(0.945)
    assert calibrated.mass(0.5) == pytest.approx(0.8)
    assert calibrated.mass(1.0) == pytest.approx(0.99)


def test_relatedness_is_a_whole_number_within_bounds():
    assert Model((), (1024, -2048, 4096), ()).relatedness((3, 1)) == 5
    assert Model((), (1024, 0), ()).relatedness((10**9,)) == -Model((), (-1024, 0), ()).relatedness((10**9,)) == 50_000


def test_the_packaged_model_is_for_these_features():
    loaded = model.load()
    assert len(loaded.weights) == len(NAMES)
    assert len(loaded.gate) == len(EVIDENCE) + 1
    masses = [mass for _, mass in loaded.masses]
    assert masses == sorted(masses)


def test_a_model_for_other_features_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "model.json"
    path.write_text(json.dumps({"weights": {"other": 1}, "masses": {"97": 9700}}))
    monkeypatch.setattr(model, "PATH", path)
    with pytest.raises(ValueError, match="other features"):
        model.load.__wrapped__()


def test_the_package_data_are_small():
    assert sum(path.stat().st_size for path in model.DATA.iterdir()) < 1_500_000
