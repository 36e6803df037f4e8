"""Tests whether a value, as the string that selectors compare, meets a requirement."""

from sensu.rules.selectors.parser import Comparison, Requirement

LIST_SEPARATOR = ","


def fulfilled(requirement: Requirement, value: str | None) -> bool:
    """Whether the value of the requirement's key (None: the key is missing) meets the requirement.

    A missing key fails a positive requirement and meets a negated one.
    """
    return (value is not None and _holds(requirement, value)) is not requirement.negated


def _holds(requirement: Requirement, value: str) -> bool:
    match requirement.comparison:
        case Comparison.EQUALS:
            return value == requirement.values[0]
        case Comparison.CONTAINS:
            return requirement.values[0] in value
        case Comparison.HAS_ELEMENT:
            return bool(value) and requirement.values[0] in value.split(LIST_SEPARATOR)
        case Comparison.IS_ONE_OF:
            return value in requirement.values
