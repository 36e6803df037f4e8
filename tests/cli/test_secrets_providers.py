"""Secrets and their providers with sensuctl: the examples of the reference's documentation load as they are."""

import json

import pytest

from tests.cli.conftest import Sensuctl

PROVIDERS = """\
---
type: Env
api_version: secrets/v1
metadata:
  name: env
spec: {}
---
type: CyberArkProvider
api_version: secrets/v1
metadata:
  name: cyberark
spec:
  client:
    account: sensu.io
    appliance_url: http://localhost:8480
    login: host/Sensu/sensuBackend
    api_key: CONJUR_API_KEY
    timeout: 1s
    %s
    ttl: 60s
---
type: VaultProvider
api_version: secrets/v1
metadata:
  name: vault
spec:
  client:
    address: https://vaultserver.example.com:8200
    token: VAULT_TOKEN
    version: v1
    tls:
      ca_cert: "/etc/ssl/certs/vault_ca_cert.pem"
    max_retries: 2
    timeout: 20s
    rate_limiter:
      limit: 10
      burst: 100
---
type: AWSProvider
api_version: secrets/v1
metadata:
  name: aws
spec:
  client:
    region: ap-south-1
    access_key: xxxxx
    secret_key: xxxx
    timeout: 60
"""
SECRETS = """\
type: Secret
api_version: secrets/v1
metadata: {name: sensu-ansible-token}
spec: {id: ANSIBLE_TOKEN, provider: env}
---
type: Secret
api_version: secrets/v1
metadata: {name: sensu-conjur}
spec: {id: Sensu/ansibleToken, provider: cyberark}
---
type: Secret
api_version: secrets/v1
metadata: {name: sensu-ansible}
spec: {id: 'secret/database#password', provider: vault}
---
type: Secret
api_version: secrets/v1
metadata: {name: sensu-engine}
spec: {id: 'secrets/sensu#ansible#token', provider: vault}
"""
TLS = "tls: {ca_cert: /etc/ssl/certs/conjur_ca_cert.pem}"
"""The documentation's example has an http URL with it."""


@pytest.fixture(scope="module")
def created(sensuctl: Sensuctl) -> Sensuctl:
    """A backend with the examples."""
    assert sensuctl("create", stdin=PROVIDERS % TLS).status == 0
    assert sensuctl("create", stdin=SECRETS).status == 0
    return sensuctl


def test_providers_are_listed_without_their_keys(created: Sensuctl) -> None:
    """The list says where each provider has its values; neither it nor `info` shows a key or token."""
    listed = created("secrets-provider", "list").out
    assert [line.split()[:2] for line in listed.splitlines()[2:]] == [
        ["aws", "AWSProvider"],
        ["cyberark", "CyberArkProvider"],
        ["env", "Env"],
        ["vault", "VaultProvider"],
    ]
    shown = [created("secrets-provider", "info", name).out for name in ("aws", "cyberark", "env", "vault")]
    assert "https://vaultserver.example.com:8200" in shown[3]
    for text in (listed, *shown):
        assert not [key for key in ("xxxx", "CONJUR_API_KEY", "VAULT_TOKEN") if key in text]


def test_a_dump_creates_the_same_providers_again(created: Sensuctl) -> None:
    """Who may change providers gets their keys in a dump, so that it can be restored."""
    dumped = created("dump", "secrets/v1.Provider,secrets/v1.Secret", "--format", "yaml").out
    assert "token: VAULT_TOKEN" in dumped
    assert "ttl: 1m0s" in dumped
    assert created("create", stdin=dumped).status == 0
    assert created("dump", "secrets/v1.Provider,secrets/v1.Secret", "--format", "yaml").out == dumped


def test_a_provider_is_edited_and_deleted_by_its_type(created: Sensuctl) -> None:
    """Files and `delete` name the type; `diff` finds no difference in durations that mean the same."""
    assert created("diff", stdin=PROVIDERS % TLS).out == ""
    found = json.loads(created("secrets-provider", "info", "cyberark", "--format", "json").out)
    assert found["spec"]["client"]["ttl"] == "1m0s"
    assert created("secrets-provider", "delete", "aws", "--skip-confirm").status == 0
    assert created("secrets-provider", "info", "aws").status == 1
