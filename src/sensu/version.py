"""The version of this package, and the version of Sensu Go that it is compatible with."""

VERSION = "0.1.0"
COMPATIBLE_VERSION = "6.9.2"
"""The version in `/version` and in entities, by which clients choose features."""
