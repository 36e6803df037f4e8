"""TLS contexts trust as Go does, and failures are explained with their remedy."""

import contextlib
import datetime
import hashlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensu import tls
from sensu.errors import ConfigurationError
from sensu.tls_diagnosis import Endpoint, explain
from tests.flows.certificate_authority import DAY, Authority, Pair


@contextlib.contextmanager
def server(context: ssl.SSLContext | None, plainly: bytes = b"") -> Iterator[int]:
    """A server that answers each connection with an HTTP error, with or without TLS.

    With TLS, `plainly` is the answer to a request without it.
    """
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                taken, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), taken:
                taken.settimeout(5)
                if plainly and taken.recv(1, socket.MSG_PEEK) == b"G":
                    taken.recv(1000)
                    taken.sendall(plainly)
                    continue
                with context.wrap_socket(taken, server_side=True) if context else taken as connection:
                    if connection.recv(1000):
                        connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def serving(authority: Authority, pair: Pair | None = None, clients: str = "") -> ssl.SSLContext:
    """The context of a server with a certificate of the authority, sent with that of the authority."""
    own = pair or authority.issue("server")
    context = tls.server_context(str(authority.chain(own)), str(own.key_file))
    if clients:
        tls.accept_client_certificates(context, clients)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def connect(port: int, context: ssl.SSLContext, host: str = "127.0.0.1") -> None:
    """Connect and read an answer."""
    with socket.create_connection(("127.0.0.1", port), 5) as opened:
        with context.wrap_socket(opened, server_hostname=host) as secured:
            secured.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert secured.recv(100)


def failing(
    port: int, context: ssl.SSLContext | None, host: str = "127.0.0.1", shows_certificate: bool | None = False
) -> str:
    """The explanation of a connection that fails."""
    at = Endpoint(host, port, context is not None, ("wss", "ws"))
    if context is None:
        return explain(EOFError(), at)
    with pytest.raises(OSError) as raised:  # its kind differs from one OpenSSL to the next
        connect(port, context, host)
    return explain(raised.value, at, context, shows_certificate=shows_certificate)


def test_an_intermediate_authority_is_an_anchor(tmp_path: Path) -> None:
    """Who trusts the intermediate authority alone reaches the server, whatever Python version it is."""
    intermediate = Authority(tmp_path, "root").below("intermediate")
    with server(serving(intermediate)) as port:
        connect(port, tls.client_context(intermediate.file))


def test_an_authority_without_key_identifiers_is_trusted(tmp_path: Path) -> None:
    """Python's strict mode, the default of some versions, does not apply."""
    authority = Authority(tmp_path)
    context = tls.client_context(authority.file)
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT
    with server(serving(authority)) as port:
        connect(port, context)


def test_a_client_certificate_by_an_intermediate_authority_is_accepted(tmp_path: Path) -> None:
    """For client certificates, too, an intermediate authority is enough."""
    servers, clients = Authority(tmp_path), Authority(tmp_path, "root").below("intermediate")
    own = clients.issue("agent")
    context = tls.client_context(servers.file)
    context.load_cert_chain(own.cert_file, own.key_file)
    with server(serving(servers, clients=clients.file)) as port:
        connect(port, context)


def test_a_server_with_plain_connections(tmp_path: Path) -> None:
    """TLS to a port without it: the URL to use is named."""
    with server(None) as port:
        why = failing(port, tls.client_context(Authority(tmp_path).file))
        assert why == f"the server does not speak TLS: use ws://127.0.0.1:{port}"


def test_a_server_that_speaks_tls(tmp_path: Path) -> None:
    """No TLS to a port with it: the URL to use is named; of a port without it nothing is said."""
    with server(serving(Authority(tmp_path))) as port:
        assert failing(port, None) == f"the server speaks TLS: use wss://127.0.0.1:{port}"
    with server(None) as port:
        assert failing(port, None) == ""


def test_an_unknown_authority(tmp_path: Path) -> None:
    """The authority is named, and the flag that would have it trusted."""
    with server(serving(Authority(tmp_path).below("middle"))) as port:
        why = failing(port, tls.client_context(Authority(tmp_path, "another").file))
        assert "x509: certificate signed by unknown authority (CN=middle): add --trusted-ca-file" in why


def test_a_self_signed_certificate(tmp_path: Path) -> None:
    """A self-signed certificate is named as one, and can be trusted itself."""
    itself = Authority(tmp_path, "self")
    context = tls.server_context(itself.file, str(itself.root.key_file))
    with server(context) as port:
        assert "self-signed; add --trusted-ca-file" in failing(port, tls.client_context())
        connect(port, tls.client_context(itself.file))


def test_a_certificate_out_of_its_time(tmp_path: Path) -> None:
    """When a certificate expired, or begins to be valid, is said."""
    authority, hour = Authority(tmp_path), datetime.timedelta(hours=1)
    with server(serving(authority, authority.issue("old", begins=-DAY, ends=-hour))) as port:
        ended = authority_time(authority, -hour)
        assert f"it expired on {ended} UTC" in failing(port, tls.client_context(authority.file))
    with server(serving(authority, authority.issue("new", begins=hour, ends=DAY))) as port:
        begins = authority_time(authority, hour)
        why = failing(port, tls.client_context(authority.file))
        assert f"not yet valid: it is valid from {begins} UTC; check the clocks" in why


def authority_time(authority: Authority, shift: datetime.timedelta) -> str:
    """A time as explanations show it, counted from when the authority was made (which was a moment ago)."""
    return f"{authority.root.cert.not_valid_before_utc + DAY + shift:%Y-%m-%d %H:%M}"


def test_an_authority_that_has_expired(tmp_path: Path) -> None:
    """When not the server's certificate but that of its authority has expired, the authority is named."""
    root = Authority(tmp_path, "root")
    middle = root.below("middle")
    middle.root = root._make("middle", root.root, is_authority=True, begins=-DAY, ends=-DAY / 2)
    with server(serving(middle)) as port:
        why = failing(port, tls.client_context(root.file))
        assert "certificate of the issuing authority (CN=middle) has expired" in why


def test_another_name_than_the_certificates(tmp_path: Path) -> None:
    """The names for which the certificate is valid are listed; a common name is none."""
    authority = Authority(tmp_path)
    context = tls.client_context(authority.file)
    with server(serving(authority, authority.issue("x", names=("db.example", "10.0.0.1")))) as port:
        why = failing(port, context, "127.0.0.1")
        assert "certificate is valid for db.example, 10.0.0.1, not 127.0.0.1" in why
    with server(serving(authority, authority.issue("localhost", names=()))) as port:
        assert "has no subject alternative names" in failing(port, context, "localhost")


def test_a_client_certificate_is_required(tmp_path: Path) -> None:
    """An agent reads which settings it needs, a program without client certificates that it has none."""
    authority = Authority(tmp_path)
    with server(serving(authority, clients=authority.file)) as port:
        context = tls.client_context(authority.file)
        wanted = "tls: the server requires a client certificate"
        assert failing(port, context) == f"{wanted}: set --cert-file and --key-file"
        assert failing(port, context, shows_certificate=None) == f"{wanted}, which this program cannot send"


def test_a_client_certificate_is_refused(tmp_path: Path) -> None:
    """A server that does not trust the client's certificate is said to do so, and why."""
    authority, own = Authority(tmp_path), Authority(tmp_path, "another").issue("agent")
    context = tls.client_context(authority.file)
    context.load_cert_chain(own.cert_file, own.key_file)
    with server(serving(authority, clients=authority.file)) as port:
        why = failing(port, context, shows_certificate=True)
        assert why.endswith("the client certificate of --cert-file: it does not trust the authority that issued it")


def test_versions_without_overlap(tmp_path: Path) -> None:
    """A server that is too old for TLS 1.2, or too new for the client, is named as such."""
    authority = Authority(tmp_path)
    old = serving(authority)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    context = tls.client_context(authority.file)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with server(old) as port:
        assert failing(port, context).startswith("tls: no common protocol version: TLS 1.2 or newer")


@pytest.mark.parametrize("error", [ConnectionRefusedError(), TimeoutError(), socket.gaierror(-2, "no")])
def test_other_failures_are_not_probed(error: Exception) -> None:
    """A port that refuses, a time-out and an unknown name have nothing to do with TLS."""
    assert explain(error, Endpoint("192.0.2.1", 9, secure=True), tls.client_context()) == ""


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file holds no certificate in PEM format"),
        (b"nonsense", "the file holds no certificate in PEM format"),
        (None, "no such file or directory"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, content: bytes | None, problem: str) -> None:
    """What is wrong with a file of authorities is said without OpenSSL's source lines."""
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(OSError) as raised:  # ssl.SSLError or FileNotFoundError
        tls.client_context(str(file))
    assert tls.file_problem(raised.value) == problem


def test_a_key_of_another_certificate(tmp_path: Path) -> None:
    """Key and certificate that do not belong together are named as such."""
    authority = Authority(tmp_path)
    one, other = authority.issue("one"), authority.issue("other")
    with pytest.raises(OSError) as raised:  # ssl.SSLError
        tls.server_context(str(one.cert_file), str(other.key_file))
    assert tls.file_problem(raised.value) == "the key does not belong to the certificate"


def test_fips_mode_is_required_where_it_was_asked_for() -> None:
    """Whether OpenSSL is in FIPS mode decides, as its own digests show it."""
    try:
        hashlib.md5(b"", usedforsecurity=True)
    except ValueError:
        tls.require_fips()
    else:
        with pytest.raises(ConfigurationError, match="--require-fips: OpenSSL is not in FIPS mode"):
            tls.require_fips()
