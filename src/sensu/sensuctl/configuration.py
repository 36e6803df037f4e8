"""The configuration of sensuctl: the `cluster` and `profile` files, overridden by flags and variables.

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
    Flag("api-url", help="URL of the API"),
    Flag("cache-dir", help="folder for cached and temporary files"),
    Flag("color", help='colour of tables: "always", "never" or "auto" (only at a terminal)', default="auto"),
    Flag("config-dir", help="folder of the configuration files"),
    Flag("insecure-skip-tls-verify", "bool", help="do not verify TLS certificates (not recommended)"),
    Flag("namespace", help="namespace of the command", default="default"),
    Flag("timeout", "duration", help="timeout for requests to the API", default=15.0),
    Flag("trusted-ca-file", help="file with the certificate authorities to trust, in PEM format"),
    Flag("wide", "bool", help="show all columns in full, even if they are wider than the terminal"),
)
DEFAULT_TIMEOUT_S = 15.0
NANOSECONDS = 1_000_000_000


class Cluster:
    """The `cluster` file: the API URL, the tokens of the session and the timeout in nanoseconds."""

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
        """Remove the tokens."""
        self.access_token, self.expires_at, self.refresh_token = "", 0, ""

    def to_json(self) -> dict[str, Any]:
        """The content of the file, without tokens before the first log-in."""
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
        """Read the content of the file; values of the wrong type count as absent."""

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
    """The `profile` file: the user's preferences, empty if not set."""

    def __init__(self, format: str = "", namespace: str = "") -> None:
        self.format, self.namespace = format, namespace


class Configuration:
    """The files, overridden by flags and variables for this run; only the files are written back."""

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
        """The URL of the API."""
        return str(self.over.get("api-url") or self.cluster.api_url)

    @property
    def api_key(self) -> str:
        """The API key, empty if tokens are used."""
        return str(self.over.get("api-key") or self.cluster.api_key)

    @property
    def namespace(self) -> str:
        """The namespace of the commands."""
        return str(self.over.get("namespace") or self.profile.namespace or "default")

    @property
    def format(self) -> str:
        """The output format without a --format flag."""
        return str(self.over.get("format") or self.profile.format or "tabular")

    @property
    def username(self) -> str:
        """The user of the access token, empty without a token."""
        return str(_claims(self.cluster.access_token).get("sub") or "")

    @property
    def timeout_s(self) -> float:
        """The timeout of requests; as in the reference, the default of the flag takes precedence over the file."""
        return float(self.over.get("timeout", DEFAULT_TIMEOUT_S))

    @property
    def trusted_ca_file(self) -> str:
        """The file with additional certificate authorities to trust."""
        return str(self.over.get("trusted-ca-file") or self.cluster.trusted_ca_file)

    @property
    def insecure_skip_tls_verify(self) -> bool:
        """Whether certificates are not verified."""
        return bool(self.over.get("insecure-skip-tls-verify", self.cluster.insecure_skip_tls_verify))

    def save_cluster(self) -> None:
        """Write the `cluster` file; only its owner may read it because it holds tokens."""
        _write(f"{self.config_dir}/cluster", self.cluster.to_json())

    def cluster_of_others(self) -> Cluster:
        """The current `cluster` file, which another sensuctl may have written."""
        return Cluster.from_json(_read(f"{self.config_dir}/cluster"))

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Lock the files against other sensuctl processes while the `with` block runs."""
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
    """The claims of a token, not verified."""
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
    """Replace a file atomically; only its owner may read it."""
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
