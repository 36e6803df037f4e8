"""The provider `AWSProvider`: values of AWS Secrets Manager."""

import asyncio
import json
import os
from collections.abc import Mapping
from functools import partial

from sensu.backend.outgoing import ServerOutOfReach, asked, json_of
from sensu.backend.secrets.provider import AT_ONCE, NoSecret, SecretProvider, SecretValue, as_value
from sensu.clock import Clock
from sensu.resources.secret_providers import AWSProvider
from sensu.rules import aws
from sensu.tls import client_context

ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL")
"""The variables by which AWS's own programs find another endpoint, such as one within a private network."""


class AWSSecrets(SecretProvider):
    """Reads secrets with the keys of an account."""

    def __init__(
        self, provider: AWSProvider, trusted_ca_file: str, clock: Clock, environment: Mapping[str, str] = os.environ
    ) -> None:
        self.timeout_s = float(provider.client.timeout)
        self._client, self._clock = provider.client, clock
        given = next(filter(None, map(environment.get, ENDPOINT_VARIABLES)), "")
        self._url = given or aws.endpoint_of(provider.client.region)
        self._context = partial(client_context, trusted_ca_file)
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def value(self, secret_id: str) -> SecretValue | NoSecret:
        """The value of a secret, or of a key of its JSON."""
        place = aws.place_of(secret_id)
        body = json.dumps({"SecretId": place.secret}).encode()
        try:
            async with self._turns:
                headers = aws.signed(self._client, self._url, body, self._clock.now())
                answer = await asked("POST", self._url, self._context, self.timeout_s, data=body, headers=headers)
        except ServerOutOfReach as err:
            return NoSecret(str(err))
        document = json_of(answer)
        if answer.status != 200:
            return NoSecret(*aws.refusal(answer.status, document, place))
        text = aws.value_in(document, place)
        if text is None:
            what = f"no key {place.key} in JSON" if place.key else "no text"
            return NoSecret(f"{place.secret} has {what}", is_missing=True)
        return as_value(text, aws.KEPT_S)
