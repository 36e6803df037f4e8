"""Puts the parts of the API together."""

import contextlib

from sensu.backend.api.application import ApiContext, build_application
from sensu.backend.api.cluster import Member
from sensu.backend.api.server import ApiServer
from sensu.backend.auth.assembly import Auth
from sensu.backend.basics import Basics
from sensu.backend.listening import api_listener
from sensu.backend.members.others import Others
from sensu.backend.seams import Joints
from sensu.backend.services.audit import AuditLog
from sensu.backend.services.feed import ChangeFeed
from sensu.backend.services.history import History
from sensu.execution.script_problems import ScriptChecks
from sensu.rules.share import WHOLE, Share
from sensu.version import COMPATIBLE_VERSION


async def assembled(
    basics: Basics,
    auth: Auth,
    joints: Joints,
    member: Member,
    audit: AuditLog,
    history: History,
    stack: contextlib.AsyncExitStack,
    *,
    share: Share = WHOLE,
    others: Others | None = None,
) -> ApiServer:
    """The server of the API, not yet started; raises StoreError."""
    settings = basics.settings
    feed = ChangeFeed(basics.store)
    await feed.open()
    checks = ScriptChecks()
    stack.callback(checks.close)
    context = ApiContext(
        store=basics.store,
        access=auth.access,
        authenticator=auth.authenticator,
        passwords=auth.passwords,
        tokens=auth.tokens,
        joints=joints,
        clock=basics.clock,
        script_problem=checks.problem,
        metrics=basics.metrics,
        member=member,
        audit=audit,
        feed=feed,
        history=history,
        version=COMPATIBLE_VERSION,
        body_bytes_max=settings.api_request_limit,
        share=share,
        others=others,
    )
    application = build_application(context)
    if others is not None:
        others.serve(application)
    return ApiServer(application, api_listener(settings, shares_port=others is not None), stopping=feed.close)
