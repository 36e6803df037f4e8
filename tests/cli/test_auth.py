"""Authentication providers with sensuctl: types of one kind."""

import json
from pathlib import Path

from tests.cli.conftest import Sensuctl

MINIMUM = """type: ldap
api_version: authentication/v2
metadata:
  name: openldap
spec:
  servers:
  - group_search:
      base_dn: dc=acme,dc=org
    host: 127.0.0.1
    user_search:
      base_dn: dc=acme,dc=org
"""
WITH_MEMBER_OF = """type: ad
api_version: authentication/v2
metadata:
  name: corp
spec:
  servers:
    host: 127.0.0.1
    user_search:
      base_dn: dc=acme,dc=org
"""
COMPLETE = """type: ad
api_version: authentication/v2
metadata:
  name: activedirectory
spec:
  allowed_groups: []
  groups_prefix: ad
  servers:
  - binding:
      password: YOUR_PASSWORD
      user_dn: cn=binder,cn=users,dc=acme,dc=org
    client_cert_file: /path/to/ssl/cert.pem
    client_key_file: /path/to/ssl/key.pem
    default_upn_domain: example.org
    include_nested_groups: true
    group_search:
      attribute: member
      base_dn: dc=acme,dc=org
      name_attribute: cn
      object_class: group
    host: 127.0.0.1
    insecure: false
    port: 636
    security: tls
    trusted_ca_file: /path/to/trusted-certificate-authorities.pem
    user_search:
      attribute: sAMAccountName
      base_dn: dc=acme,dc=org
      name_attribute: displayName
      object_class: person
  username_prefix: ad
"""


def test_the_documented_providers_are_created_listed_and_deleted(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """Files in the shapes of the documentation create providers; lists and details show them, a dump restores them."""
    file = tmp_path / "providers.yml"
    file.write_text(f"{MINIMUM}---\n{WITH_MEMBER_OF}---\n{COMPLETE}")
    assert sensuctl("create", "-f", str(file)).status == 0
    rows = [line.split() for line in sensuctl("auth", "list").out.splitlines()[2:]]
    assert rows == [["ad", "activedirectory"], ["ad", "corp"], ["ldap", "openldap"]]
    assert "127.0.0.1:636 (tls)" in sensuctl("auth", "info", "openldap").out
    assert sensuctl("diff", "-f", str(file)).status == 0
    dump = sensuctl("dump", "authentication/v2.Provider").out
    assert "password: YOUR_PASSWORD" in dump
    assert sensuctl("dump", "ldap").out.count("type: ldap") == 1
    assert "type: ad" not in sensuctl("dump", "authentication/v2.ldap").out
    for name in ("activedirectory", "corp", "openldap"):
        assert sensuctl("auth", "delete", name, "--skip-confirm").status == 0
    assert sensuctl("create", stdin=dump).status == 0
    assert sensuctl("dump", "authentication/v2.Provider").out == dump
    assert sensuctl("delete", stdin=dump).status == 0


def test_the_types_of_providers_are_described(sensuctl: Sensuctl) -> None:
    """`all` has the kind, and each of its types can be described and begun with a blank text."""
    assert "authentication/v2.Provider" in sensuctl("dump", "--types").out.split()
    described = json.loads(sensuctl("describe-type", "ldap,ad,oidc", "--format", "json").out)
    assert [row["name"] for row in described] == [f"authentication/v2.{one}" for one in ("ldap", "ad", "oidc")]
    refused = sensuctl("edit", "authentication/v2.Provider", "--blank")
    assert (refused.status, "--blank needs a type, one of ldap, ad, oidc" in refused.err) == (1, True)
    wrong = sensuctl("create", stdin=MINIMUM.replace("type: ldap", "type: Provider"))
    assert (wrong.status, 'type could not be found: "Provider"' in wrong.err) == (1, True)


def test_a_log_in_is_tried_step_by_step(sensuctl: Sensuctl) -> None:
    """`auth test` reads the password from its input, names each server that it tries, and fails with the reason."""
    text = MINIMUM.replace("host: 127.0.0.1", "host: 127.0.0.1\n    port: 1")
    assert sensuctl("create", stdin=text).status == 0
    tried = sensuctl("auth", "test", "openldap", "--username", "alice", stdin="s3cret\n")
    assert tried.status == 1
    assert "server 127.0.0.1:1 (tls)" in tried.out
    assert "the user would be refused: failed to connect to 127.0.0.1:1 with TLS" in tried.err
    report = sensuctl("auth", "test", "openldap", "--username", "alice", "--format", "json", stdin="s3cret\n")
    assert json.loads(report.out[report.out.index("{") :])["accepted"] is False
    assert sensuctl("auth", "test", "missing", "--username", "alice", stdin="s3cret\n").status == 1
    assert "s3cret" not in sensuctl("audit", "list", "--format", "json").out
    assert sensuctl("auth", "delete", "openldap", "--skip-confirm").status == 0


OIDC = """type: oidc
api_version: authentication/v2
metadata:
  name: oidc_name
spec:
  additional_scopes:
  - groups
  - email
  client_id: a8e43af034e7f2608780
  client_secret: b63968394be6ed2edb61c93847ee792f31bf6216
  disable_offline_access: false
  redirect_uri: http://127.0.0.1:8080/api/enterprise/authentication/v2/oidc/callback
  server: https://oidc.example.com:9031
  groups_claim: groups
  groups_prefix: 'oidc:'
  username_claim: email
  username_prefix: 'oidc:'
"""


def test_the_documented_identity_provider_is_created_and_restored(sensuctl: Sensuctl, tmp_path: Path) -> None:
    """The reference's example is created, shown with its fields, and dumped so that it can be created again."""
    file = tmp_path / "oidc.yml"
    file.write_text(OIDC)
    assert sensuctl("create", "-f", str(file)).status == 0
    assert sensuctl("diff", "-f", str(file)).status == 0
    shown = sensuctl("auth", "info", "oidc_name").out
    assert "https://oidc.example.com:9031" in shown
    assert "Allowed Groups" not in shown
    dump = sensuctl("dump", "oidc").out
    assert "client_secret: b63968394be6ed2edb61c93847ee792f31bf6216" in dump
    assert sensuctl("auth", "delete", "oidc_name", "--skip-confirm").status == 0
    assert sensuctl("create", stdin=dump).status == 0
    assert sensuctl("dump", "oidc").out == dump
    assert sensuctl("delete", stdin=dump).status == 0
