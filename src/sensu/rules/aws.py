"""Requests to AWS Secrets Manager, and what its answers say.

Source: AWS, "Signature Version 4", "Secrets Manager API Reference" (GetSecretValue, common errors).
"""

import base64
import binascii
import datetime
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sensu.resources.secret_providers import AWSClient

SERVICE = "secretsmanager"
KEPT_S = 30.0
_SIGNED = "content-type;host;x-amz-date;x-amz-target"
_CHINA = "cn-"
_MISSING = frozenset({"ResourceNotFoundException", "InvalidRequestException"})
"""Errors about the secret: it does not exist, or it is marked for deletion."""
_NAME_CHARACTERS_MAX = 100


class SecretPlace(NamedTuple):
    """The name or ARN of a secret, and the key of its JSON that is the value (all of it if empty)."""

    secret: str
    key: str


def place_of(secret_id: str) -> SecretPlace:
    """The place that an id names: `name`, `name#key`, or an ARN instead of the name."""
    secret, _, key = secret_id.partition("#")
    return SecretPlace(secret, key)


def endpoint_of(region: str) -> str:
    """The URL of the service in a region."""
    domain = "amazonaws.com.cn" if region.startswith(_CHINA) else "amazonaws.com"
    return f"https://{SERVICE}.{region}.{domain}/"


def signed(client: AWSClient, url: str, body: bytes, now: float) -> dict[str, str]:
    """The headers of a request for a secret's value, signed; `now` in Unix seconds."""
    at = datetime.datetime.fromtimestamp(now, datetime.UTC)
    stamp, day = at.strftime("%Y%m%dT%H%M%SZ"), at.strftime("%Y%m%d")
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "host": urlsplit(url).netloc,
        "x-amz-date": stamp,
        "x-amz-target": f"{SERVICE}.GetSecretValue",
    }
    lines = "".join(f"{name}:{headers[name]}\n" for name in _SIGNED.split(";"))
    path = urlsplit(url).path or "/"
    request = f"POST\n{path}\n\n{lines}\n{_SIGNED}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{day}/{client.region}/{SERVICE}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{client.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"Credential={client.access_key}/{scope}"
    authorization = f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={_SIGNED}, Signature={signature}"
    return {**headers, "authorization": authorization}


def value_in(document: Any, place: SecretPlace) -> str | None:
    """The value in the answer of the service; None if it has none."""
    answer = document if isinstance(document, Mapping) else {}
    text = answer.get("SecretString")
    if not isinstance(text, str):
        text = _text_of(answer.get("SecretBinary"))
    if not place.key or text is None:
        return text
    try:
        values = json.loads(text)
    except ValueError:
        return None
    found = values.get(place.key) if isinstance(values, dict) else None
    return found if found is None or isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def _text_of(binary: Any) -> str | None:
    if not isinstance(binary, str):
        return None
    try:
        return base64.b64decode(binary, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


class Refused(NamedTuple):
    """Why the service refused a request, and whether that is about the secret alone."""

    why: str
    is_missing: bool


def refusal(status: int, document: Any, place: SecretPlace) -> Refused:
    """What an error of the service says; its own words are left out, for they may quote the request."""
    kind = document.get("__type") if isinstance(document, Mapping) else None
    name = kind.rpartition("#")[2] if isinstance(kind, str) else ""
    if name == "ResourceNotFoundException":
        return Refused(f"{place.secret} does not exist", is_missing=True)
    shown = name if name.isalnum() and len(name) <= _NAME_CHARACTERS_MAX else f"status {status}"
    return Refused(f"AWS Secrets Manager refused the request for {place.secret}: {shown}", name in _MISSING)
