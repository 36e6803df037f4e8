"""A small server that speaks the documented HTTP API of Vault, for hosts without Vault: it is not Vault.

It knows key/value engines of versions 1 and 2, an engine that makes credentials with a lease, tokens that end and are
renewed, policies, namespaces, and log-ins with certificates. Run as a program, it listens with TLS; `/control/…`, which
Vault does not have, injects faults and shows the requests.
"""

import argparse
import asyncio
import json
import re
import ssl
import sys
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

ROOT = "root"
V1_DURATION_S = 2_764_800
"""What Vault says for a value of version 1, which has no lease."""
DYNAMIC = "dynamic"
"""The version of an engine that makes credentials at each reading, as that for databases does."""
_RULE = re.compile(r'path "([^"]+)"\s*\{[^}]*capabilities\s*=\s*\[([^\]]*)\]')


@dataclass
class Token:
    policies: tuple[str, ...]
    ttl_s: float = 0.0
    renewable: bool = False
    ends_at: float = 0.0

    @property
    def is_valid(self) -> bool:
        return not self.ttl_s or time.monotonic() < self.ends_at

    def begin(self) -> None:
        self.ends_at = time.monotonic() + self.ttl_s

    def auth(self, name: str) -> dict[str, Any]:
        return {"client_token": name, "lease_duration": int(self.ttl_s), "renewable": self.renewable}


@dataclass
class State:
    mounts: dict[str, str] = field(default_factory=lambda: {"secret": "2"})
    values: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=lambda: {ROOT: Token((ROOT,))})
    policies: dict[str, str] = field(default_factory=dict)
    certificates: dict[str, dict[str, Any]] = field(default_factory=dict)
    namespaces: set[str] = field(default_factory=set)
    faults: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    credentials: int = 0

    def mount_of(self, path: str) -> str:
        return max((one for one in self.mounts if path.startswith(f"{one}/")), key=len, default="")

    def allows(self, token: Token, path: str, capability: str) -> bool:
        if ROOT in token.policies or path.startswith("auth/token/"):
            return True
        for name in token.policies:
            for pattern, capabilities in _RULE.findall(self.policies.get(name, "")):
                fits = path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern
                if fits and f'"{capability}"' in capabilities:
                    return True
        return False


def answer(data: Any = None, status: int = 200, **more: Any) -> web.Response:
    whole = {"lease_id": "", "renewable": False, "lease_duration": 0, "data": data, "auth": None, **more}
    return web.json_response(whole, status=status)


def refused(status: int, why: str = "") -> web.Response:
    return web.json_response({"errors": [why] if why else []}, status=status)


class Server:
    """Answers requests from what it was given before."""

    def __init__(self) -> None:
        self.state = State()

    async def control(self, request: web.Request) -> web.Response:
        """Reset, set faults, or show and forget the requests."""
        what, state = request.match_info["what"], self.state
        if what == "reset":
            self.state = State()
        elif what == "faults":
            state.faults = await request.json()
        elif what == "requests":
            shown, state.requests = state.requests, []
            return web.json_response(shown)
        return web.json_response({})

    async def handle(self, request: web.Request) -> web.Response:
        """One request of the API."""
        state, path = self.state, request.match_info["path"]
        state.requests.append({"method": request.method, "path": path, "headers": dict(request.headers)})
        if state.faults:
            fault = state.faults.pop(0)
            await asyncio.sleep(fault.get("delay_s", 0))
            if "status" in fault:
                return web.Response(
                    status=fault["status"],
                    headers=fault.get("headers", {}),
                    text=fault.get("body", '{"errors":[]}') * fault.get("times", 1),
                )
        body = await request.json() if request.can_read_body else {}
        namespace = request.headers.get("X-Vault-Namespace", "").strip("/")
        if namespace and namespace not in state.namespaces:
            return refused(404)
        if path == "auth/cert/login":
            return self.certificate_login(request)
        token = state.tokens.get(request.headers.get("X-Vault-Token", ""))
        if token is None or not token.is_valid:
            return refused(403, "permission denied")
        if not state.allows(token, path, "read" if request.method == "GET" else "update"):
            return refused(403, "1 error occurred:\n\t* permission denied\n\n")
        name = request.headers["X-Vault-Token"]
        if path.startswith(("auth/", "sys/")):
            return self.administered(path, body, name, token)
        return self.key_value(request.method, f"{namespace}/{path}" if namespace else path, body)

    def certificate_login(self, request: web.Request) -> web.Response:
        peer = request.transport.get_extra_info("peercert") if request.transport else None
        if not peer:
            return refused(400, "client certificate must be supplied")
        for settings in self.state.certificates.values():
            token = Token(tuple(settings.get("token_policies", ())), float(settings.get("token_ttl", 120)), True)
            token.begin()
            name = f"s.{uuid.uuid4().hex}"
            self.state.tokens[name] = token
            return answer(auth=token.auth(name))
        return refused(400, "invalid certificate or no client certificate supplied")

    def administered(self, path: str, body: dict[str, Any], name: str, token: Token) -> web.Response:
        state = self.state
        if path == "auth/token/lookup-self":
            left = int(token.ends_at - time.monotonic()) if token.ttl_s else 0
            return answer(
                {
                    "id": name,
                    "ttl": left,
                    "expire_time": token.ttl_s or None,
                    "renewable": token.renewable,
                    "policies": list(token.policies),
                }
            )
        if path == "auth/token/renew-self":
            if not token.renewable:
                return refused(400, "lease is not renewable")
            token.begin()
            return answer(auth=token.auth(name))
        if path == "auth/token/create":
            ttl = float(str(body.get("ttl", "0")).rstrip("s"))
            made = Token(tuple(body.get("policies", ())), ttl, bool(body.get("renewable", True)) and ttl > 0)
            made.begin()
            given = body.get("id") or f"s.{uuid.uuid4().hex}"
            state.tokens[given] = made
            return answer(auth=made.auth(given))
        if path == "auth/token/revoke":
            state.tokens.pop(body["token"], None)
        elif path.startswith("sys/mounts/"):
            state.mounts[path.removeprefix("sys/mounts/")] = body.get("options", {}).get("version", "1")
        elif path.startswith("sys/policies/acl/"):
            state.policies[path.removeprefix("sys/policies/acl/")] = body["policy"]
        elif path.startswith("auth/cert/certs/"):
            state.certificates[path.removeprefix("auth/cert/certs/")] = body
        elif path.startswith("sys/namespaces/"):
            name = path.removeprefix("sys/namespaces/")
            state.namespaces.add(name)
            state.mounts[f"{name}/secret"] = "2"
        return web.Response(status=204)

    def key_value(self, method: str, path: str, body: dict[str, Any]) -> web.Response:
        state, mount = self.state, self.state.mount_of(path)
        if not mount:
            return refused(404, f'no handler for route "{path}". route entry not found.')
        is_v2 = state.mounts[mount] == "2"
        if state.mounts[mount] == DYNAMIC and method == "GET":
            number = state.credentials = state.credentials + 1
            made = {"username": f"user-{number}", "password": f"password-{number}"}
            return answer(made, lease_id=f"{path}/{number}", renewable=True, lease_duration=60)
        if is_v2 and not path.startswith(f"{mount}/data/"):
            return refused(404)
        if method in ("POST", "PUT"):
            state.values[path] = body["data"] if is_v2 else body
            return answer({"version": 1}) if is_v2 else web.Response(status=204)
        if method == "DELETE":
            state.values[path] = None
            return web.Response(status=204)
        found = state.values.get(path)
        if found is None:
            is_deleted = is_v2 and path in state.values
            return answer({"data": None, "metadata": {"deletion_time": "now"}}, 404) if is_deleted else refused(404)
        if is_v2:
            return answer({"data": found, "metadata": {"version": 1}})
        return answer(found, lease_duration=V1_DURATION_S)


async def serve(port: int, context: ssl.SSLContext) -> None:
    server, application = Server(), web.Application()
    application.router.add_route("*", "/control/{what}", server.control)
    application.router.add_route("*", "/v1/{path:.*}", server.handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
    sys.stdout.write(json.dumps({"ready": True}) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    for name in ("--cert", "--key", "--ca"):
        parser.add_argument(name)
    given = parser.parse_args()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(given.cert, given.key)
    context.load_verify_locations(given.ca)
    context.verify_mode = ssl.CERT_OPTIONAL
    asyncio.run(serve(given.port, context))


if __name__ == "__main__":
    main()
