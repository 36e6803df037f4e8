"""Questions about rights, for the callers who may ask them."""

import msgspec

from sensu.backend.auth.access import Access
from sensu.backend.auth.identity import ALL_USERS_GROUP, Identity, Via, identity_of, principal_of
from sensu.backend.auth.records import Records, enabled_user
from sensu.backend.services.outcomes import Denied, Found, Invalid, Refusal
from sensu.backend.services.payload import Payload, decoded
from sensu.resources.kinds import CLUSTER_ROLE_BINDING, ROLE_BINDING, USER
from sensu.resources.wire import encode
from sensu.rules.access_questions import (
    NAMES_MAX,
    AccessRule,
    Action,
    PlacedRule,
    UserWithGroups,
    placed_rules_of,
    rules_of,
    who_may,
    why_may,
)
from sensu.store.contract import ChangeFeed

QUESTIONS_MAX = 100
"""How many questions a request asks at most."""


class OwnAccess(msgspec.Struct, frozen=True):
    """What the caller may do in a namespace, and which namespaces it may know of."""

    username: str
    groups: tuple[str, ...]
    namespaces: tuple[str, ...]
    rules: tuple[AccessRule, ...]
    revision: int


class AccessOf(msgspec.Struct, frozen=True):
    """What a user or group may do; `hidden` are the namespaces whose bindings the caller may not list."""

    username: str
    groups: tuple[str, ...]
    disabled: bool
    rules: tuple[PlacedRule, ...]
    partial: bool
    hidden: tuple[str, ...]


class AccessQuestion(msgspec.Struct, frozen=True):
    """Whether somebody may do something; without a `username` it is about the caller."""

    verb: str = ""
    resource: str = ""
    name: str = ""
    namespace: str = ""
    username: str = ""


class Questions(msgspec.Struct, frozen=True):
    """At most 100 questions."""

    questions: tuple[AccessQuestion, ...] = ()


class AnswerTo(msgspec.Struct, frozen=True):
    """Yes or no, and the binding that allows it."""

    allowed: bool
    through: str


class Answers(msgspec.Struct, frozen=True):
    """One answer for each question, in their order."""

    answers: tuple[AnswerTo, ...]


class AccessQuestions:
    """Answers from the same roles and bindings that requests are decided by."""

    def __init__(self, access: Access, records: Records, feed: ChangeFeed) -> None:
        self._access, self._records, self._feed = access, records, feed

    def own(self, caller: Identity, namespace: str) -> OwnAccess:
        """What the caller may do; everybody may ask."""
        return OwnAccess(
            caller.username,
            caller.groups,
            tuple(self._access.visible_namespaces(caller)),
            rules_of(self._access.compiled, _member(caller), namespace),
            self._feed.revision,
        )

    def who(self, caller: Identity, action: Action) -> Found | Refusal:
        """Who may do something."""
        if not action.verb or not action.resource:
            return Invalid("verb and resource are required")
        if not self._may_list_bindings(caller, action.namespace):
            return Denied()
        users = self._records.list(USER, None)
        members = [_member(identity_of(principal_of(user), Via.BASIC)) for user in users if not user.disabled]
        disabled = [user.username for user in users if user.disabled]
        return Found(encode(who_may(self._access.compiled, action, members, disabled)))

    def of(self, caller: Identity, username: str, group: str) -> Found | Refusal:
        """Everything that a user, or the members of a group, may do."""
        if bool(username) == bool(group):
            return Invalid("either user or group is required")
        if not self._access.allows(caller, "list", CLUSTER_ROLE_BINDING.segment):
            return Denied()
        member = self._user(username) if username else UserWithGroups("", (group,))
        namespaces = self._access.compiled.namespaces_of(member.username, member.groups)
        shown = [name for name in namespaces if self._may_list_bindings(caller, name)]
        rules = placed_rules_of(self._access.compiled, member, shown)
        found = AccessOf(
            member.username,
            member.groups,
            disabled=bool(username) and self._is_disabled(username),
            rules=rules[:NAMES_MAX],
            partial=len(rules) > NAMES_MAX,
            hidden=tuple(name for name in namespaces if name not in shown),
        )
        return Found(encode(found))

    async def ask(self, caller: Identity, payload: Payload) -> Found | Refusal:
        """Yes or no for each question; those about others need the right to list bindings."""
        sent = await decoded(Questions, payload)
        if isinstance(sent, Invalid):
            return sent
        if len(sent.questions) > QUESTIONS_MAX:
            return Invalid(f"questions: at most {QUESTIONS_MAX} are answered at once")
        answers: list[AnswerTo] = []
        for question in sent.questions:
            own = question.username in ("", caller.username)
            if not own and not self._may_list_bindings(caller, question.namespace):
                return Denied()
            answers.append(self._answer(_member(caller) if own else self._user(question.username), question))
        return Found(encode(Answers(tuple(answers))))

    def _answer(self, member: UserWithGroups, question: AccessQuestion) -> AnswerTo:
        if member.username and self._is_disabled(member.username):
            return AnswerTo(allowed=False, through="")
        action = Action(question.verb, question.resource, question.name, question.namespace)
        through = why_may(self._access.compiled, member, action)
        return AnswerTo(through is not None, through or "")

    def _may_list_bindings(self, caller: Identity, namespace: str) -> bool:
        allows = self._access.allows
        return allows(caller, "list", CLUSTER_ROLE_BINDING.segment) and (
            not namespace or allows(caller, "list", ROLE_BINDING.segment, namespace=namespace)
        )

    def _user(self, username: str) -> UserWithGroups:
        """A user with the groups of its record; one of another provider is in the group of all users alone."""
        user = self._records.get(USER, "", username)
        if user is None:
            return UserWithGroups(username, (ALL_USERS_GROUP,))
        return _member(identity_of(principal_of(user), Via.BASIC))

    def _is_disabled(self, username: str) -> bool:
        return self._records.get(USER, "", username) is not None and enabled_user(self._records, username) is None


def _member(caller: Identity) -> UserWithGroups:
    return UserWithGroups(caller.username, caller.groups)
