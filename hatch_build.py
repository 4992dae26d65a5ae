"""What a built package says of where it comes from: links that lead somewhere on a package index too.

The address is that of whoever builds, and GitHub says it in the environment of its runners. Elsewhere nobody knows it:
then the README stays as it is, and no project link is made up.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(?P<image>!?)(?P<text>\[[^\]]*\])\((?!\w+:|#)(?P<path>[^)\s]+)\)")


class Address(MetadataHookInterface):
    """Sets the description and the project's links."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add what the environment says of the repository's address."""
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["urls"] = {}
        server, repository = os.environ.get("GITHUB_SERVER_URL"), os.environ.get("GITHUB_REPOSITORY")
        if server and repository:
            address = f"{server}/{repository}"
            tagged = os.environ.get("GITHUB_REF_TYPE") == "tag"
            at = os.environ.get("GITHUB_REF_NAME" if tagged else "GITHUB_SHA") or "HEAD"
            text = absolute(text, address, at)
            metadata["urls"] = {
                "Repository": address,
                "Documentation": f"{address}/blob/{at}/docs/index.md",
                "Changelog": f"{address}/blob/{at}/CHANGELOG.md",
                "Issues": f"{address}/issues",
            }
        metadata["readme"] = {"content-type": "text/markdown", "text": text}


def absolute(text: str, address: str, at: str) -> str:
    """Return a page whose links and pictures within the repository lead to a commit or tag of it."""

    def link(found: re.Match[str]) -> str:
        kind = "raw" if found["image"] else "blob"
        return f"{found['image']}{found['text']}({address}/{kind}/{at}/{found['path']})"

    return _LINK.sub(link, text)
