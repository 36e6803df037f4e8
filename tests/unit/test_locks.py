"""The files in requirements/ that pin dependencies agree with one another."""

import re
import tomllib
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def pins(name: str) -> dict[str, str]:
    """The versions that a file pins, by package."""
    text = (CHECKOUT / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.M))


def test_packages_contain_what_the_programs_need() -> None:
    """The packages have every library of the programs and their extras, in the versions that tests run with."""
    packaged, tested = pins("packages"), pins("dev")
    run = {name: version for name, version in pins("run").items() if name != "setuptools"}
    assert run.items() <= packaged.items(), "compile requirements/packages.txt again, as CONTRIBUTING.md says"
    assert packaged.items() <= tested.items(), "compile requirements/packages.txt again, as CONTRIBUTING.md says"
    extras = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    wanted = {name for extra in extras.keys() - {"build", "dev"} for name in extras[extra]}
    assert {re.split(r"[<>=!~;\[ ]", name)[0].lower() for name in wanted} <= packaged.keys()
