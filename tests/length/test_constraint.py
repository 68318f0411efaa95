"""Constraints: which numbers they must carry, their band and aim."""

import pytest

from hesui.length import Band, Constraint, approx


@pytest.mark.parametrize(
    ("constraint", "band", "aim"),
    [
        (Constraint("eq", target=50), Band(50, 50), 50),
        (Constraint("le", max=50), Band(None, 50), 50),
        (Constraint("ge", min=200), Band(200, None), 200),
        (Constraint("range", min=30, max=80), Band(30, 80), 55),
        (Constraint("approx", min=90, max=110, target=100), Band(90, 110), 100),
    ],
)
def test_a_constraint_knows_its_band_and_aim(constraint, band, aim):
    assert constraint.band == band
    assert constraint.aim == aim


@pytest.mark.parametrize(("op", "needed"), [("eq", "target"), ("le", "max"), ("ge", "min"), ("range", "min and max")])
def test_a_missing_number_is_named(op, needed):
    with pytest.raises(ValueError, match=f"op '{op}' must set {needed}"):
        Constraint(op)


def test_an_unknown_op_is_refused():
    with pytest.raises(ValueError, match="unsupported op 'lt'; expected one of eq, approx, le, ge, range"):
        Constraint("lt", max=3)


def test_bounds_the_wrong_way_round_are_refused():
    with pytest.raises(ValueError, match="min 80 is above max 30"):
        Constraint("range", min=80, max=30)


def test_about_means_ten_percent_unless_told():
    assert approx(200).band == Band(180, 220)
    assert approx(300, 0.05, unit="word").band == Band(285, 315)
    assert approx(4).band == Band(4, 4)


@pytest.mark.parametrize(
    ("count", "inside"), [(29, False), (30, True), (80, True), (81, False), (None, False), ("40", False)]
)
def test_a_band_includes_its_ends(count, inside):
    assert (count in Band(30, 80)) is inside


def test_an_open_band_holds_everything():
    assert 0 in Band(None, None)
