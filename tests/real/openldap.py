"""A real OpenLDAP server for tests, started by hand in a temporary folder: users, groups, TLS and a password policy."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.flows.certificate_authority import Authority, Pair
from tests.real.missing_program import MissingProgram

SUFFIX = "dc=example,dc=org"
PEOPLE, GROUPS = f"ou=people,{SUFFIX}", f"ou=groups,{SUFFIX}"
ADMIN, BINDER = f"cn=admin,{SUFFIX}", f"cn=binder,ou=services,{SUFFIX}"
ADMIN_PASSWORD, BINDER_PASSWORD, PASSWORD = "adminpw", "binderpw", "alicepw"
MEMBERS = 5_000
SEARCH_LIMIT = 500
"""How many entries anonymous searches find at most."""
WEIRD = "we(ird)*,x"
_BINARIES = ("/usr/sbin", "/usr/bin", "/usr/local/libexec", "/usr/libexec")
_SCHEMAS = ("/etc/ldap/schema", "/etc/openldap/schema")
START_S = 30.0


def _program(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), *_BINARIES)))


def missing() -> str | None:
    """What must be installed before a server can be started, None if nothing."""
    needed = [name for name in ("slapd", "slapadd", "ldapmodify") if _program(name) is None]
    if needed or not any(Path(folder).is_dir() for folder in _SCHEMAS):
        return "an OpenLDAP server is missing: on Debian, install slapd and ldap-utils"
    return None


CONFIGURATION = """\
dn: cn=config
objectClass: olcGlobal
cn: config
olcPidFile: {folder}/pid
olcTLSCACertificateFile: {ca}
olcTLSCertificateFile: {cert}
olcTLSCertificateKeyFile: {key}
olcTLSVerifyClient: {verify}

dn: cn=module{{0}},cn=config
objectClass: olcModuleList
cn: module{{0}}
olcModulePath: /usr/lib/ldap
olcModuleLoad: back_mdb
olcModuleLoad: memberof
olcModuleLoad: refint
olcModuleLoad: ppolicy

dn: cn=schema,cn=config
objectClass: olcSchemaConfig
cn: schema

include: file://{schema}/core.ldif
include: file://{schema}/cosine.ldif
include: file://{schema}/inetorgperson.ldif

dn: olcDatabase={{-1}}frontend,cn=config
objectClass: olcDatabaseConfig
objectClass: olcFrontendConfig
olcDatabase: {{-1}}frontend
olcSizeLimit: {limit}

dn: olcDatabase={{1}}mdb,cn=config
objectClass: olcDatabaseConfig
objectClass: olcMdbConfig
olcDatabase: {{1}}mdb
olcSuffix: {suffix}
olcRootDN: {admin}
olcRootPW: {admin_password}
olcDbDirectory: {folder}/data
olcDbMaxSize: 134217728
olcDbNoSync: TRUE
olcDbIndex: uid,cn,member,memberOf eq
olcLimits: dn.exact="{binder}" size=unlimited
olcAccess: to attrs=userPassword by anonymous auth by self write by * none
olcAccess: to * by * read

dn: olcOverlay={{0}}memberof,olcDatabase={{1}}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcMemberOf
olcOverlay: {{0}}memberof

dn: olcOverlay={{1}}ppolicy,olcDatabase={{1}}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcPPolicyConfig
olcOverlay: {{1}}ppolicy
olcPPolicyDefault: cn=policy,{suffix}
olcPPolicyUseLockout: TRUE
"""

POLICY = f"""\
dn: cn=policy,{SUFFIX}
objectClass: device
objectClass: pwdPolicy
cn: policy
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 3
"""


def _person(uid: str, cn: str = "", password: str = PASSWORD, mail: str = "") -> str:
    escaped = uid.replace(",", "\\,")
    more = f"mail: {mail}\n" if mail else ""
    return (
        f"dn: uid={escaped},{PEOPLE}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {cn or uid}\nsn: {uid}\n"
        f"{more}userPassword: {password}\n"
    )


def _data() -> Iterator[str]:
    yield f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\no: example\ndc: example\n"
    for unit in ("people", "groups", "services", "twins"):
        yield f"dn: ou={unit},{SUFFIX}\nobjectClass: organizationalUnit\nou: {unit}\n"
    yield (
        f"dn: {BINDER}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: binder\n"
        f"userPassword: {BINDER_PASSWORD}\n"
    )
    yield _person("alice", "Alice Smith")
    yield _person("bob", "Bob Jones", mail="bob@example.org")
    for uid in ("carol", "locked", "leaver", WEIRD):
        yield _person(uid)
    yield f"dn: uid=alice,ou=twins,{SUFFIX}\nobjectClass: inetOrgPerson\nuid: alice\ncn: Other\nsn: Other\n"
    yield (
        f"dn: ou=elsewhere,{SUFFIX}\nobjectClass: referral\nobjectClass: extensibleObject\nou: elsewhere\n"
        "ref: ldap://127.0.0.1:1/dc=elsewhere\n"
    )
    for number in range(MEMBERS):
        yield _person(f"u{number:04}", password="x")


def _group(name: str, *members: str) -> str:
    lines = "".join(f"member: {member}\n" for member in members)
    return f"dn: cn={name},{GROUPS}\nobjectClass: groupOfNames\ncn: {name}\n{lines}"


def _groups() -> Iterator[str]:
    alice, bob = person("alice"), person("bob")
    yield _group("ops", alice, bob)
    yield _group("dev", alice, person("leaver"))
    yield _group("system:masters", alice)
    yield _group("ops\\, night", bob)
    yield _group("everybody", alice, *(person(f"u{number:04}") for number in range(MEMBERS)))


def person(uid: str) -> str:
    """The distinguished name of a person."""
    return f"uid={uid},{PEOPLE}"


class OpenLDAP:
    """A server that runs; `port` speaks LDAP and StartTLS, `tls_port` LDAP over TLS."""

    def __init__(self, folder: Path, authority: Authority, verify: str = "try") -> None:
        self.folder, self.authority, self._verify = folder, authority, verify
        self.port, self.tls_port = free_ports(2)
        self.certificate: Pair = authority.issue("slapd", names=("127.0.0.1", "localhost"))
        self._process: subprocess.Popen[bytes] | None = None

    def create(self, *, data: bool = True) -> None:
        """Make the files of the server."""
        for name in ("conf", "data"):
            (self.folder / name).mkdir(parents=True)
        schema = next(folder for folder in _SCHEMAS if Path(folder).is_dir())
        text = CONFIGURATION.format(
            folder=self.folder,
            ca=self.authority.file,
            cert=self.certificate.cert_file,
            key=self.certificate.key_file,
            verify=self._verify,
            schema=schema,
            limit=SEARCH_LIMIT,
            suffix=SUFFIX,
            admin=ADMIN,
            admin_password=ADMIN_PASSWORD,
            binder=BINDER,
        )
        self._run("slapadd", "-n", "0", "-F", str(self.folder / "conf"), given=text)
        if data:
            self._run("slapadd", "-q", "-n", "1", "-F", str(self.folder / "conf"), given="\n".join((*_data(), POLICY)))

    def start(self) -> None:
        """Start, and return when the server answers."""
        urls = f"ldap://127.0.0.1:{self.port} ldaps://127.0.0.1:{self.tls_port}"
        with (self.folder / "log").open("ab") as log:
            arguments = [_program("slapd") or "", "-F", str(self.folder / "conf"), "-h", urls, "-d", "stats"]
            self._process = subprocess.Popen(arguments, stdout=log, stderr=log)
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.tls_port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())

    def stop(self) -> None:
        """Stop, and return when the server has ended."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(START_S)
            self._process = None

    def change(self, ldif: str) -> None:
        """Add, change and delete entries, as the administrator."""
        url = f"ldap://127.0.0.1:{self.port}"
        self._run("ldapmodify", "-x", "-a", "-H", url, "-D", ADMIN, "-w", ADMIN_PASSWORD, given=ldif)

    def _run(self, program: str, *arguments: str, given: str) -> None:
        command = [_program(program) or "", *arguments]
        done = subprocess.run(command, input=given.encode(), capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr.decode()


def free_ports(number: int) -> list[int]:
    """Ports of the loopback interface that nothing listens on."""
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports


@contextmanager
def running(folder: Path, verify: str = "try") -> Iterator[OpenLDAP]:
    """A server with people and groups."""
    why = missing()
    if why:
        raise MissingProgram(why)
    server = OpenLDAP(folder, Authority(folder.parent, "ldap-ca"), verify)
    server.create()
    server.start()
    try:
        server.change("\n".join(_groups()))
        yield server
    finally:
        server.stop()
