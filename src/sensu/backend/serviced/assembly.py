"""Puts the parts of serviced together."""

import contextlib

from sensu.backend.basics import Basics
from sensu.backend.membership import Membership
from sensu.backend.ports import Intake
from sensu.backend.serviced.daemon import Serviced
from sensu.backend.serviced.evaluation import Evaluation
from sensu.backend.serviced.selections import OwnSelections
from sensu.execution.javascript_pool import JavaScriptPool


def assembled(basics: Basics, intake: Intake, membership: Membership, stack: contextlib.AsyncExitStack) -> Serviced:
    """The daemon, whose events go to `intake`; `stack` ends the process of its scripts."""
    records, clock = basics.records, basics.clock
    scripts = JavaScriptPool(1)
    stack.callback(scripts.close)
    own = OwnSelections(basics.store, records, membership)
    evaluation = Evaluation(records, membership.joined_selections(own), scripts, clock)
    evaluations = basics.metrics.service_evaluations
    return Serviced(
        *(basics.store, records, evaluation, own, intake, membership, clock),
        count=lambda outcome, number: evaluations.add(number, (outcome,)),
    )
