"""What `make test` leaves out."""

from itertools import product

import pytest

from effort import examples, in_starting_order, left_out, staggered


@pytest.fixture(autouse=True)
def _default_tier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("effort.IS_FULL", False)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 5), (5, 2), (4, 4), (3, 7)])
def test_each_value_of_each_parameter_stays_and_no_more_combinations_than_that_takes(rows: int, columns: int) -> None:
    combinations = [{("row", row), ("column", column)} for row, column in product(range(rows), range(columns))]
    spared = left_out(combinations)
    kept = [values for place, values in enumerate(combinations) if place not in spared]
    assert set().union(*kept) == set().union(*combinations)
    assert len(kept) == max(rows, columns)


def test_one_parameter_keeps_all_its_values() -> None:
    assert left_out([{("name", index)} for index in range(9)]) == frozenset()


def test_everything_is_tried_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("effort.IS_FULL", True)
    combinations = [{("row", row), ("column", column)} for row, column in product(range(3), range(3))]
    assert left_out(combinations) == frozenset()
    assert examples(60, share=6) == 60
    assert staggered([1, 2, 3], step=2) == [1, 2, 3]


def test_a_property_is_tried_with_a_share_of_its_examples_and_never_with_few() -> None:
    assert (examples(100), examples(100, share=3), examples(12)) == (12, 33, 10)


def test_each_share_starts_with_the_folders_that_take_longest_and_nothing_is_lost() -> None:
    folders = ["browser", *["domain"] * 5, *["faults"] * 2, "http", *["processes"] * 2, "http"]
    seconds = {"browser": 20.0, "faults": 50.0, "processes": 40.0}
    assert [folders[place] for place in in_starting_order(folders, seconds, workers=2)] == [
        *("faults", "faults", "domain", "domain", "domain", "domain"),
        *("processes", "processes", "browser", "domain", "http", "http"),
    ]
    many = ["browser"] * 2 + ["memory"] * 9 + ["faults"]
    order = in_starting_order(many, {"faults": 50.0, "memory": 40.0, "browser": 30.0}, workers=2)
    assert [many[place] for place in order][::6] == ["faults", "browser"], "memory is more than a share"
    for workers in range(1, 20):
        assert sorted(in_starting_order(folders, seconds, workers=workers)) == [*range(len(folders))]
