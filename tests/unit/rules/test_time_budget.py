from sensu.rules.time_budget import TimeBudgets


def test_a_budget_comes_back_with_time() -> None:
    """Who used up the budget waits until some of it is there again; others have theirs."""
    budgets = TimeBudgets(3.0, 60.0)
    assert budgets.left_s("ann", 0.0) == 3.0
    budgets.use("ann", 3.5, 0.0)
    assert budgets.left_s("ann", 0.0) < 0
    assert budgets.wait_s("ann", 0.0) == 10.0
    assert budgets.left_s("bob", 0.0) == 3.0
    assert budgets.left_s("ann", 40.0) == 1.5
    assert budgets.left_s("ann", 1000.0) == 3.0


def test_few_callers_are_remembered() -> None:
    """The callers that were seen longest ago are forgotten, so that memory stays bounded."""
    budgets = TimeBudgets(3.0, 60.0, callers_max=2)
    for caller in ("ann", "bob", "cid"):
        budgets.use(caller, 1.0, 0.0)
    assert [budgets.left_s(caller, 0.0) for caller in ("ann", "bob", "cid")] == [3.0, 2.0, 2.0]
