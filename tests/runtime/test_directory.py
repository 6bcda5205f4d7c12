"""The numbers of generations: they only grow, whoever gives them."""

from __future__ import annotations

from actors.runtime.directory import Directory


def test_generations_count_up_from_one_for_each_name() -> None:
    directory = Directory()
    assert [directory.count("a", None), directory.count("a", None), directory.count("b", None)] == [1, 2, 1]
    assert (directory.last_generation("a"), directory.last_generation("c")) == (2, 0)


def test_a_lower_number_given_from_outside_makes_no_later_one_collide() -> None:
    directory = Directory()
    assert directory.count("a", 5) == 5
    assert directory.count("a", 3) == 3
    assert directory.last_generation("a") == 5
    assert directory.count("a", None) == 6
