"""What sensuctl remembers: the `cluster` and `profile` files, and what flags and variables say over them.

Source: spec of the configuration files (CTL-01…06); recorded scenarios configure, env, no-config.
"""

# ruff: noqa: PTH103, PTH105, PTH108, PTH111, PTH120, PTH123
# pathlib takes longer to load than the files to read.

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from sensu.errors import ConfigurationError
from sensu.flags import Flag, convert

GLOBAL_FLAGS = (
    Flag("api-key", help="API key to use for authentication"),
    Flag("api-url", help="host URL of Sensu installation"),
    Flag("cache-dir", help="path to directory containing cache & temporary files"),
    Flag("color", help='colour of tables: "always", "never" or "auto", which is on a terminal', default="auto"),
    Flag("config-dir", help="path to directory containing configuration files"),
    Flag("insecure-skip-tls-verify", "bool", help="skip TLS certificate verification (not recommended!)"),
    Flag("namespace", help="namespace in which we perform actions", default="default"),
    Flag("timeout", "duration", help="timeout when communicating with sensu backend", default=15.0),
    Flag("trusted-ca-file", help="TLS CA certificate bundle in PEM format"),
    Flag("wide", "bool", help="show tables in full, however wide the terminal is"),
)
DEFAULT_TIMEOUT_S = 15.0
NANOSECONDS = 1_000_000_000


class Cluster:
    """The `cluster` file: where the API is and the tokens of the session; the timeout in nanoseconds."""

    def __init__(self) -> None:
        self.api_url = ""
        self.trusted_ca_file = ""
        self.insecure_skip_tls_verify = False
        self.access_token = ""
        self.expires_at = 0
        self.refresh_token = ""
        self.api_key = ""
        self.timeout_ns = 0
        self.logged_in_once = False

    def forget_tokens(self) -> None:
        """End the session as far as this file knows."""
        self.access_token, self.expires_at, self.refresh_token = "", 0, ""

    def to_json(self) -> dict[str, Any]:
        """The file's content; the tokens are left out before the first log-in."""
        tokens: dict[str, Any] = {}
        if self.access_token or self.logged_in_once:
            tokens = {
                "access_token": self.access_token,
                "expires_at": self.expires_at,
                "refresh_token": self.refresh_token,
            }
        return {
            "api-url": self.api_url,
            "trusted-ca-file": self.trusted_ca_file,
            "insecure-skip-tls-verify": self.insecure_skip_tls_verify,
            **tokens,
            "APIKey": self.api_key,
            "timeout": self.timeout_ns,
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Cluster":
        """The file's content read leniently: what has the wrong type counts as absent."""

        def text(key: str) -> str:
            value = content.get(key)
            return value if isinstance(value, str) else ""

        def number(key: str) -> int:
            value = content.get(key)
            return value if isinstance(value, int) else 0

        cluster = cls()
        cluster.api_url = text("api-url")
        cluster.trusted_ca_file = text("trusted-ca-file")
        cluster.insecure_skip_tls_verify = content.get("insecure-skip-tls-verify") is True
        cluster.access_token = text("access_token")
        cluster.expires_at = number("expires_at")
        cluster.refresh_token = text("refresh_token")
        cluster.api_key = text("APIKey")
        cluster.timeout_ns = number("timeout")
        cluster.logged_in_once = "access_token" in content
        return cluster


class Profile:
    """The `profile` file: how the user likes it; empty where nothing was said."""

    def __init__(self, format: str = "", namespace: str = "") -> None:  # noqa: A002 - its name in the file
        self.format, self.namespace = format, namespace


class Configuration:
    """The files, and what flags and variables say over them for this run; only the files are ever written back."""

    def __init__(
        self,
        config_dir: str,
        cache_dir: str,
        *,
        cluster: Cluster | None = None,
        profile: Profile | None = None,
        over: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.config_dir, self.cache_dir = config_dir, cache_dir
        self.cluster, self.profile = cluster or Cluster(), profile or Profile()
        self.over, self.environment = over or {}, environment or {}

    @property
    def api_url(self) -> str:
        """Where the API is."""
        return str(self.over.get("api-url") or self.cluster.api_url)

    @property
    def api_key(self) -> str:
        """The API key, empty where tokens are used."""
        return str(self.over.get("api-key") or self.cluster.api_key)

    @property
    def namespace(self) -> str:
        """The namespace to work in."""
        return str(self.over.get("namespace") or self.profile.namespace or "default")

    @property
    def format(self) -> str:
        """The output format where no flag says otherwise."""
        return str(self.over.get("format") or self.profile.format or "tabular")

    @property
    def username(self) -> str:
        """The user that the access token is for, empty where there is none."""
        return str(_claims(self.cluster.access_token).get("sub") or "")

    @property
    def timeout_s(self) -> float:
        """How long to wait for an answer; the flag's default wins over the file, as in the reference."""
        return float(self.over.get("timeout", DEFAULT_TIMEOUT_S))

    @property
    def trusted_ca_file(self) -> str:
        """The authorities to trust beside the system's."""
        return str(self.over.get("trusted-ca-file") or self.cluster.trusted_ca_file)

    @property
    def insecure_skip_tls_verify(self) -> bool:
        """Whether certificates go unverified."""
        return bool(self.over.get("insecure-skip-tls-verify", self.cluster.insecure_skip_tls_verify))

    def save_cluster(self) -> None:
        """Write the `cluster` file; readable by its owner alone, for it holds tokens."""
        _write(f"{self.config_dir}/cluster", self.cluster.to_json())

    def cluster_of_others(self) -> Cluster:
        """The `cluster` file as it is now, which another sensuctl may have written meanwhile."""
        return Cluster.from_json(_read(f"{self.config_dir}/cluster"))

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Wait for others that change the same files, and keep them waiting for as long as the `with` lasts."""
        import fcntl  # noqa: PLC0415 - few commands change a file that others may change, too

        try:
            folder = os.open(self.config_dir, os.O_RDONLY)
        except OSError:  # there is nothing yet that could be shared
            yield
            return
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def save_profile(self) -> None:
        """Write the `profile` file."""
        _write(f"{self.config_dir}/profile", {"format": self.profile.format, "namespace": self.profile.namespace})


def load(values: Mapping[str, Any], environment: Mapping[str, str]) -> Configuration:
    """The configuration for one run, from flags, variables and files in that order."""
    over = {**_from_environment(environment), **values}
    home = environment.get("HOME") or os.path.expanduser("~")
    config_dir = str(over.get("config-dir") or f"{home}/.config/sensu/sensuctl").rstrip("/")
    cache_dir = str(over.get("cache-dir") or f"{home}/.cache/sensu/sensuctl").rstrip("/")
    profile = _read(f"{config_dir}/profile")
    known = {key: profile[key] for key in ("format", "namespace") if isinstance(profile.get(key), str)}
    cluster = Cluster.from_json(_read(f"{config_dir}/cluster"))
    return Configuration(
        config_dir, cache_dir, cluster=cluster, profile=Profile(**known), over=over, environment=environment
    )


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for flag in (*GLOBAL_FLAGS, Flag("format")):
        variable = "SENSU_" + flag.name.upper().replace("-", "_")
        text = environment.get(variable)
        if text:
            found[flag.name] = convert(flag.kind, text, variable)
    return found


def _claims(token: str) -> dict[str, Any]:
    """What a token says of itself; the API alone can tell whether it is true."""
    import base64  # noqa: PLC0415 - few commands look into the token

    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _read(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as err:
        reason = err.strerror if isinstance(err, OSError) else "not valid JSON"
        raise ConfigurationError(f"configuration file {path}: {reason}") from err
    if not isinstance(content, dict):
        raise ConfigurationError(f"configuration file {path}: must hold an object")
    return content


def _write(path: str, content: Mapping[str, Any]) -> None:
    """Replace a file at once, so that a crash leaves the old one or the new one; its owner alone may read it."""
    new = f"{path}.{os.getpid()}.new"
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        try:
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                json.dump(content, file, indent=2, ensure_ascii=False)
            os.replace(new, path)
        except BaseException:
            os.unlink(new)
            raise
    except OSError as err:
        raise ConfigurationError(f"configuration file {path}: {err.strerror}") from err
