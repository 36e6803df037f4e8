"""A small server that speaks the documented REST API of CyberArk Conjur, of which no package exists: it is not Conjur.

It authenticates hosts by their API keys, and has variables. `/control` says how often it was asked to
authenticate, and ends all tokens.
"""

import argparse
import asyncio
import base64
import json
import ssl
import sys
import uuid
from urllib.parse import unquote

from aiohttp import web

ACCOUNT, LOGIN, API_KEY = "sensu.io", "host/Sensu/sensuBackend", "2j78g5k0fb56fafsdoslehsaf246f092wmwkvh1"
VARIABLES = {"Sensu/pagerDutyAPIKey": b"s3cret", "Sensu/ümlaut & more?": b"w\xc3\xb6rd", "Sensu/binary": b"\xff\xfe"}
FORBIDDEN = "Other/password"


class Server:
    """Answers requests of one account."""

    def __init__(self) -> None:
        self.tokens: set[str] = set()
        self.logins = 0

    async def authenticate(self, request: web.Request) -> web.Response:
        """The body is the API key; the answer is a token in JSON, encoded if the client accepts that encoding."""
        _, account, login, _ = request.raw_path.lstrip("/").split("/")
        self.logins += 1
        if (account, unquote(login), await request.text()) != (ACCOUNT, LOGIN, API_KEY):
            return web.Response(status=401)
        token = json.dumps({"protected": uuid.uuid4().hex, "payload": "e30=", "signature": "x"}).encode()
        self.tokens.add(base64.b64encode(token).decode())
        return web.Response(body=token, content_type="application/json")

    async def secret(self, request: web.Request) -> web.Response:
        """The value of a variable, for those who have a token and are permitted."""
        header = request.headers.get("Authorization", "")
        if header.removeprefix('Token token="').removesuffix('"') not in self.tokens:
            return web.Response(status=401)
        _, account, kind, name = request.raw_path.lstrip("/").split("/")
        if (account, kind) != (ACCOUNT, "variable"):
            return web.Response(status=404)
        if unquote(name) == FORBIDDEN:
            return web.Response(status=403)
        value = VARIABLES.get(unquote(name))
        return web.Response(status=404) if value is None else web.Response(body=value)

    async def control(self, request: web.Request) -> web.Response:
        """End all tokens, and say how many were asked for."""
        self.tokens.clear()
        count, self.logins = self.logins, 0
        return web.json_response(count)


async def serve(port: int, context: ssl.SSLContext) -> None:
    server, application = Server(), web.Application()
    application.router.add_post("/authn/{rest:.*}", server.authenticate)
    application.router.add_get("/secrets/{rest:.*}", server.secret)
    application.router.add_post("/control", server.control)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    for name in ("--cert", "--key"):
        parser.add_argument(name)
    given = parser.parse_args()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(given.cert, given.key)
    asyncio.run(serve(given.port, context))


if __name__ == "__main__":
    main()
