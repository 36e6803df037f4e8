"""The session cookie of browsers: how it is set, cleared and found.

Scripts cannot read it, and requests from other sites do not carry it. Over TLS its name begins with `__Host-`, under
which browsers take it from this host alone and send it over TLS alone.
"""

_PLAIN, _HOST = "sensu", "__Host-sensu"
COOKIE_CHARACTERS_MAX = 128


def set_cookie(value: str, *, tls: bool, secure: bool) -> str:
    """The Set-Cookie header for a session; `secure` if the browser uses TLS, if only up to a proxy."""
    return f"{_name(tls)}={value}; Path=/; HttpOnly; SameSite=Strict{'; Secure' if secure or tls else ''}"


def cleared_cookie(*, tls: bool) -> str:
    """The Set-Cookie header that has a browser forget its session."""
    return f"{set_cookie('', tls=tls, secure=tls)}; Max-Age=0"


def cookie_in(cookies: str, *, tls: bool) -> str:
    """The session in a Cookie header, empty if there is none."""
    return named_in(cookies, _name(tls), COOKIE_CHARACTERS_MAX)


def named_in(cookies: str, name: str, characters_max: int) -> str:
    """The value of a cookie in a Cookie header, empty if there is none, or a longer one."""
    for part in cookies.split(";"):
        found, _, value = part.strip().partition("=")
        if found == name and len(value) <= characters_max:
            return value
    return ""


def _name(tls: bool) -> str:
    return _HOST if tls else _PLAIN
