"""Connections to LDAP servers: one request at a time, every step within a time limit, nothing that blocks the loop.

`sansldap` encodes and decodes the messages; this is the only module that uses it. Referrals are not followed: that
would send passwords to servers that nobody has configured.
Source: RFC 4511 (protocol), RFC 2696 (pages).
"""

import asyncio
import contextlib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple, Self

import sansldap

from sensu.resources.directory import STARTTLS, TLS, LDAPServer
from sensu.rules.directory import All, DirectoryEntry, Either, Equal, SearchCondition

CLOSE_S = 1.0
PAGE_SIZE = 200
ENTRIES_MAX = 10_000
"""A search that finds more fails."""
ANSWER_BYTES_MAX = 4 * 1024 * 1024
"""A server that sends more for one request is left."""

_START_TLS = "1.3.6.1.4.1.1466.20037"
_PASSWORD_POLICY = "1.3.6.1.4.1.42.2.27.8.5.1"  # noqa: S105  (an identifier)
_IN_CHAIN = "1.2.840.113556.1.4.1941"
_UNKNOWN_AUTHORITY = (18, 19, 20, 21)
"""The codes of OpenSSL for certificates whose authority is not trusted."""
_READ_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Limits:
    """The time limits, in seconds, of opening a connection (with TLS), checking a password, a page of a search, and of
    a whole log-in over all servers.
    """

    connect_s: float = 5.0
    bind_s: float = 5.0
    search_s: float = 10.0
    login_s: float = 20.0


LIMITS = Limits()
BASE, SUBTREE = sansldap.SearchScope.BASE, sansldap.SearchScope.SUBTREE
_Code = sansldap.LDAPResultCode


class OutOfReach(Exception):
    """A server cannot be reached, does not answer in time, or does not speak the protocol: another one may help."""


class DirectoryRefusal(Exception):
    """A server answered that it cannot do what was asked."""


class BindAnswer(NamedTuple):
    """The answer to a password: whether it is right, the message, and the control of the password policy."""

    right: bool
    message: str
    policy: bytes


class LDAPConnection:
    """A connection to a server; used as an asynchronous context manager, which opens and closes it."""

    def __init__(self, server: LDAPServer, context: ssl.SSLContext | None, limits: Limits = LIMITS) -> None:
        """`context` is for `tls` and `starttls`."""
        self._server = server
        self._context = context
        self._limits = limits
        self._client = sansldap.LDAPClient()
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter | None = None
        self._answered = False

    async def __aenter__(self) -> Self:
        where, context = f"{self._server.host}:{self._server.port}", self._context
        try:
            async with asyncio.timeout(self._limits.connect_s):
                await self._open()
        except TimeoutError:
            await self._close()
            limit = f"{self._limits.connect_s:g} s"
            raise OutOfReach(f"failed to connect: {where} did not answer within {limit}") from None
        except ssl.SSLCertVerificationError as err:
            await self._close()
            raise OutOfReach(f"failed to connect: the certificate of {where} is not valid: {_verify(err)}") from err
        except (OSError, ValueError) as err:
            await self._close()
            tls = " with TLS" if context is not None else ""
            raise OutOfReach(f"failed to connect to {where}{tls}: {_words(err)}") from err
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self._close()

    async def _open(self) -> None:
        server, security = self._server, self._server.security
        host = server.host.strip("[]")
        immediate = self._context if security == TLS else None
        self._reader, self._writer = await asyncio.open_connection(
            host, server.port, ssl=immediate, server_hostname=host if immediate else None
        )
        if security == STARTTLS and self._context is not None:
            self._client.extended_request(_START_TLS)
            answer = await self._answer()
            if answer.result.result_code != _Code.SUCCESS:
                raise OutOfReach(f"failed to connect: {host}:{server.port} refuses StartTLS: {_said(answer.result)}")
            self._answered = False
            await self._writer.start_tls(self._context, server_hostname=host)

    async def _close(self) -> None:
        writer, self._writer = self._writer, None
        if writer is None:
            return
        writer.close()
        with contextlib.suppress(Exception):
            async with asyncio.timeout(CLOSE_S):
                await writer.wait_closed()

    async def bind(self, name: str, password: str) -> BindAnswer:
        """Whether the server accepts a name and a password; both empty for an anonymous connection."""
        policy = sansldap.LDAPControl(_PASSWORD_POLICY, critical=False, value=None)
        self._client.bind_simple(name or None, password or None, controls=[policy] if name else None)
        answer = await self._within(self._limits.bind_s)
        code = answer.result.result_code
        if code not in (_Code.SUCCESS, _Code.INVALID_CREDENTIALS):
            raise DirectoryRefusal(f"failed to bind: {_said(answer.result)}")
        controls = [one.value or b"" for one in answer.controls or () if one.control_type == _PASSWORD_POLICY]
        return BindAnswer(code == _Code.SUCCESS, answer.result.diagnostics_message, b"".join(controls))

    async def search(
        self, base: str, condition: SearchCondition, attributes: Sequence[str], scope: sansldap.SearchScope = SUBTREE
    ) -> list[DirectoryEntry]:
        """The entries at or below `base` for which a condition holds; none if `base` does not exist."""
        found: list[DirectoryEntry] = []
        cookie = b""
        while True:
            page = sansldap.PagedResultControl(critical=False, size=PAGE_SIZE, cookie=cookie)
            self._client.search_request(
                base, scope, filter=_filter(condition), attributes=list(attributes), controls=[page]
            )
            answer = await self._within(self._limits.search_s, found)
            code = answer.result.result_code
            if code == _Code.NO_SUCH_OBJECT:
                return []
            if code == _Code.SIZE_LIMIT_EXCEEDED:
                limit = f"the directory limits searches of this account to {len(found)} entries"
                raise DirectoryRefusal(f"failed to search {base}: {limit}")
            if code not in (_Code.SUCCESS, _Code.REFERRAL):
                raise DirectoryRefusal(f"failed to search {base}: {_said(answer.result)}")
            cookies = [one.cookie for one in answer.controls or () if isinstance(one, sansldap.PagedResultControl)]
            cookie = b"".join(cookies)
            if not cookie:
                return found

    async def _within(self, limit_s: float, found: list[DirectoryEntry] | None = None) -> Any:
        where = f"{self._server.host}:{self._server.port}"
        try:
            async with asyncio.timeout(limit_s):
                return await self._answer(found)
        except TimeoutError:
            raise OutOfReach(f"{where} did not answer within {limit_s:g} s") from None
        except OSError as err:
            raise OutOfReach(f"the connection to {where} failed: {self._ended() or _words(err)}") from err

    async def _answer(self, found: list[DirectoryEntry] | None = None) -> Any:
        """The last message of the answer to the request; its entries are added to `found`."""
        assert self._writer is not None
        self._writer.write(self._client.data_to_send())
        await self._writer.drain()
        received = 0
        while True:
            data = await self._reader.read(_READ_BYTES)
            received += len(data)
            if not data:
                raise ConnectionError(self._ended() or "the server closed the connection")
            if received > ANSWER_BYTES_MAX:
                raise OutOfReach(f"{self._server.host} sends more than {ANSWER_BYTES_MAX >> 20} MiB for one request")
            try:
                messages = self._client.receive(data)
            except Exception as err:  # malformed data also raises IndexError and others
                raise OutOfReach(f"{self._server.host}:{self._server.port} does not speak LDAP: {err}") from err
            self._answered = self._answered or bool(messages)
            for message in messages:
                if isinstance(message, sansldap.SearchResultEntry):
                    self._add(found, message)
                elif not isinstance(message, sansldap.SearchResultReference):
                    return message

    def _add(self, found: list[DirectoryEntry] | None, message: sansldap.SearchResultEntry) -> None:
        if found is None or len(found) >= ENTRIES_MAX:
            raise DirectoryRefusal(f"failed to search: the directory found more than {ENTRIES_MAX} entries")
        attributes = {one.name.lower(): tuple(map(_text, one.values)) for one in message.attributes}
        found.append(DirectoryEntry(message.object_name, attributes))

    def _ended(self) -> str:
        """Why a connection may have ended; servers check client certificates only after the handshake."""
        if self._context is None or self._answered:
            return ""
        return "the directory closed the connection after TLS; it may require a valid client certificate"


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _filter(condition: SearchCondition) -> sansldap.LDAPFilter:
    """The condition in the library's words; values are bytes, so nothing needs to be escaped."""
    if isinstance(condition, Equal):
        return sansldap.FilterEquality(condition.attribute, condition.value.encode("utf-8", "surrogatepass"))
    if isinstance(condition, All):
        return sansldap.FilterAnd([_filter(one) for one in condition.conditions])
    if isinstance(condition, Either):
        return sansldap.FilterOr([_filter(one) for one in condition.conditions])
    return sansldap.FilterExtensibleMatch(_IN_CHAIN, condition.attribute, condition.dn.encode(), False)


def _said(result: sansldap.LDAPResult) -> str:
    name = f"LDAP Result Code {int(result.result_code)} {result.result_code.name}"
    return f"{name}: {result.diagnostics_message}" if result.diagnostics_message else name


def _verify(err: ssl.SSLCertVerificationError) -> str:
    text = err.verify_message or str(err)
    return f"certificate signed by unknown authority ({text})" if err.verify_code in _UNKNOWN_AUTHORITY else text


def _words(err: Exception) -> str:
    return getattr(err, "strerror", None) or str(err) or type(err).__name__
