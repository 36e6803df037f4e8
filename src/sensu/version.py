"""The version of this package, and the version of the reference whose interfaces it speaks."""

VERSION = "0.1.0"
COMPATIBLE_VERSION = "6.9.2"
"""What `/version` and entities tell, because clients choose features by it."""
