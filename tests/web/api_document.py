"""Writes the OpenAPI document that the types of the web UI are made from: `python -m tests.web.api_document`."""

import asyncio
import tempfile
from pathlib import Path

import msgspec

from sensu.backend.api.openapi import document
from tests.flows.api_harness import running_api

CHECKOUT = Path(__file__).resolve().parents[2]
FILE = CHECKOUT / "src" / "sensu" / "web" / "app" / "wire" / "openapi.json"


async def api_document() -> bytes:
    """The document of this checkout's API, as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        async with running_api(Path(folder)) as api:
            return msgspec.json.encode(document(api.routes, "development"))


def main() -> None:
    """Write the file where it differs."""
    made = asyncio.run(api_document())
    FILE.parent.mkdir(exist_ok=True)
    if not FILE.exists() or FILE.read_bytes() != made:
        FILE.write_bytes(made)


if __name__ == "__main__":
    main()
