"""An OCSP responder of a test, as a web server."""

import datetime
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from tests.flows.certificate_authority import DAY, Authority, Pair
from tests.flows.small_server import serving


class OCSPResponder:
    """Answers for the certificates of an authority; what it says can be changed."""

    def __init__(self, authority: Authority) -> None:
        self.url = ""
        self.asked = 0
        self.revoked: set[int] = set()
        self.signer = authority.root
        self.age = datetime.timedelta()
        self.lasts: datetime.timedelta | None = DAY
        self.status = ocsp.OCSPCertStatus.GOOD
        self.about: Pair | None = None
        self.body: bytes | None = None
        self.http_status = 200
        self._authority = authority
        self._issued: dict[int, Pair] = {}

    def issue(self, common_name: str) -> Pair:
        """A certificate of the authority that names this responder."""
        place = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(self.url))
        pair = self._authority.issue(common_name, more=[x509.AuthorityInformationAccess([place])])
        self._issued[pair.cert.serial_number] = pair
        return pair

    def revoke(self, pair: Pair) -> None:
        """Revoke a certificate."""
        self.revoked.add(pair.cert.serial_number)

    async def serve(self, request: web.Request) -> web.Response:
        """Answer one request."""
        self.asked += 1
        asked = ocsp.load_der_ocsp_request(await request.read())
        body = self._answer(asked.serial_number) if self.body is None else self.body
        return web.Response(body=body, status=self.http_status, content_type="application/ocsp-response")

    def _answer(self, serial: int) -> bytes:
        made = datetime.datetime.now(datetime.UTC) - self.age
        revoked = serial in self.revoked
        builder = ocsp.OCSPResponseBuilder().add_response(
            cert=(self.about or self._issued[serial]).cert,
            issuer=self._authority.root.cert,
            algorithm=hashes.SHA256(),
            cert_status=ocsp.OCSPCertStatus.REVOKED if revoked else self.status,
            this_update=made,
            next_update=None if self.lasts is None else made + self.lasts,
            revocation_time=made if revoked else None,
            revocation_reason=None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, self.signer.cert)
        if self.signer is not self._authority.root:
            builder = builder.certificates([self.signer.cert])
        return builder.sign(self.signer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


@asynccontextmanager
async def ocsp_responder(authority: Authority) -> AsyncIterator[OCSPResponder]:
    """A running responder."""
    responder = OCSPResponder(authority)
    async with serving("POST", "/ocsp", responder.serve) as responder.url:
        yield responder
