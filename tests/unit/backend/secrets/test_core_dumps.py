"""Core dumps of a backend that has values of other hosts in its memory."""

import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, resource
from sensu.backend.secrets.core_dumps import forbid_core_dumps
forbid_core_dumps()
print(resource.getrlimit(resource.RLIMIT_CORE)[0], ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no prctl")
def test_a_crash_leaves_no_image_of_the_memory() -> None:
    """The limit of core files is 0, and the kernel writes none to a pipe either."""
    found = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=30)
    assert found.stdout == "0 0\n"
