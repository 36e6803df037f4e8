"""The web UI's port of a backend as a process: its flags, its certificate, and that it can be turned off."""

import asyncio
import contextlib
import socket
import ssl
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509

from sensu.testing.backend_process import PASSWORD, USER, BackendProcess
from tests.flows.certificate_authority import Authority

STORY_S, POLL_S = 60, 0.05


async def shown_name(port: int, authority: Authority) -> str:
    """The common name in the certificate of a port, once something listens there."""
    context = ssl.create_default_context(cafile=authority.file)
    while True:
        with contextlib.suppress(ConnectionRefusedError):
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
            break
        await asyncio.sleep(POLL_S)
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    subject = x509.load_der_x509_certificate(der).subject
    return str(next(iter(subject)).value)


async def sign_in_over_tls(port: int, authority: Authority) -> None:
    """Over TLS the cookie is bound to the host, and sent by browsers over TLS alone."""
    url, tls = f"https://127.0.0.1:{port}", ssl.create_default_context(cafile=authority.file)
    connector, jar = aiohttp.TCPConnector(ssl=tls), aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(connector=connector, cookie_jar=jar) as http:
        credentials = {"username": USER, "password": PASSWORD}
        async with http.post(f"{url}/auth/session", json=credentials, headers={"Origin": url}) as answer:
            assert answer.status == 200
            cookie = answer.headers["Set-Cookie"]
        name, _, attributes = cookie.partition("=")
        assert name == "__Host-sensu"
        assert attributes.partition("; ")[2] == "Path=/; HttpOnly; SameSite=Strict; Secure"
        sent = cookie.partition(";")[0]
        for header, status in ((sent, 200), (sent.removeprefix("__Host-"), 401)):
            async with http.get(f"{url}/api/core/v2/namespaces", headers={"Cookie": header}) as answer:
                assert answer.status == status


@pytest.mark.parametrize("own", [True, False])
async def test_the_web_ui_has_its_own_certificate_or_the_general_one(tmp_path: Path, own: bool) -> None:
    """`--dashboard-cert-file` wins; without it the certificate of the API secures the web UI and its cookie."""
    authority = Authority(tmp_path)
    general, web = authority.issue("general"), authority.issue("web")
    flags = ["--dashboard-cert-file", str(web.cert_file), "--dashboard-key-file", str(web.key_file)]
    if not own:
        flags = ["--cert-file", str(general.cert_file), "--key-file", str(general.key_file)]

    process = BackendProcess(tmp_path / "backend")
    await process.initialise()
    starting = asyncio.create_task(process.start(flags))
    try:
        async with asyncio.timeout(STORY_S):
            shown = await shown_name(process.web_port, authority)
        assert shown == ("web" if own else "general")
        await sign_in_over_tls(process.web_port, authority)
    finally:
        starting.cancel()
        await asyncio.wait([starting])
        await process.stop()


async def test_port_0_turns_the_web_ui_off(tmp_path: Path) -> None:
    """A backend without web UI runs as before."""
    process = BackendProcess(tmp_path)
    await process.initialise()
    await process.start(["--dashboard-port", "0"])
    try:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", process.web_port)) != 0
    finally:
        assert await process.stop() == 0
