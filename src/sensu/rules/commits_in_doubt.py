"""How a writer finds out whether a commit stands whose answer was lost.

Every commit of a seat raises the number of its commits by one, from the value that the writer knows. After a lost
answer the writer raises the number further, and the answer to that decides. Reading the number would not: the lost
statement may still run. Assuming a failure would not either: the statement may have been stored.

The answer to a raise can be lost as well; therefore each attempt raises the number by a greater power of two, beyond
everything that the attempts before can have reached. All of these are even, so that an odd distance means that the
commit in doubt stands.
"""


def raised_by(attempt: int) -> int:
    """By how much the attempt raises the number; attempts are numbered from 1."""
    return 1 << attempt


def may_be_raised(number: int, known: int, attempt: int) -> bool:
    """Whether `number` can be the result of the commit in doubt and the attempts before this one.

    If it is not, the seat was taken away, or the database has lost commits.
    """
    return known <= number < known + raised_by(attempt)


def stands(number: int, known: int) -> bool:
    """Whether the commit in doubt is stored, by the number after a raise and the number known before the commit."""
    return bool((number - known) % 2)
