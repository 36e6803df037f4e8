"""The commands and resources that README.md and docs/ show work as they are written."""

import json
import re

import pytest
import yaml

from sensu.agent.settings import AgentSettings
from sensu.backend.settings import BackendSettings
from sensu.settings import names_of
from tests.docs.clean_host import NoNamespaces, run_blocks
from tests.docs.pages import CHECKOUT, GENERATED, LANGUAGES, PAGES, Block, blocks

WRITTEN = [page for page in PAGES if page not in GENERATED]
ALL = [block for page in WRITTEN for block in blocks(page)]
RUN = [block for block in ALL if block.is_resource or (block.language == "sh" and not block.targets)]
CONFIGURATION = [block for block in ALL if block.language == "yaml" and not block.is_resource]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """What became of each block: README's first, then the pages', on one clean host."""
    try:
        return run_blocks(RUN, tmp_path_factory.mktemp("docs"))
    except (NoNamespaces, FileNotFoundError) as err:
        pytest.skip(f"no namespaces of our own here: {err}")


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("block", RUN, ids=lambda block: block.place)
def test_a_command_or_resource_of_the_docs_works_as_written(block: Block, outcomes: dict[str, tuple[int, str]]) -> None:
    """Whoever pastes the pages' blocks in order, in an empty checkout, gets no error."""
    status, output = outcomes[block.place]
    assert status == 0, output


@pytest.mark.parametrize("block", CONFIGURATION, ids=lambda block: block.place)
def test_a_configuration_file_of_the_docs_has_settings_that_exist(block: Block) -> None:
    """Each key is a setting of the agent, or each is one of the backend."""
    keys = set(yaml.safe_load(block.text))
    assert keys <= names_of(AgentSettings) or keys <= names_of(BackendSettings)


@pytest.mark.parametrize("block", ALL, ids=lambda block: block.place)
def test_a_block_says_what_it_is(block: Block) -> None:
    """Each block names its language, so that none is passed over by the tests; JSON parses and make has the targets."""
    assert block.language in LANGUAGES
    if block.language == "json":
        json.loads(block.text)
    targets = set(re.findall(r"^([a-z-]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))
    assert set(block.targets) <= targets


@pytest.mark.parametrize("block", [block for block in ALL if block.title], ids=lambda block: block.place)
def test_a_file_that_a_reader_saves_is_used(block: Block) -> None:
    """A block with the name of a file is only saved; a command of the same page creates what is in it."""
    page = block.place.partition(":")[0]
    commands = [other.text for other in RUN if other.place.startswith(f"{page}:") and other.language == "sh"]
    assert any(f"sensuctl create -f {block.title}\n" in text for text in commands)
