"""Code archives: the bytes that Lambda takes, and whether two are the same."""

import hashlib
import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi import Archive, FileArchive

from sandbox.provider.schema import Shape


@dataclass(frozen=True, kw_only=True)
class Code(Shape):
    """A code archive; in a state `{"archive": hash}`."""

    def _problems(self, path: str, value: Any) -> Iterable[str]:
        if isinstance(value, Archive | Mapping):
            return []
        return [f"expected type of {path} to be an archive"]

    def normal(self, value: Any) -> Any:
        if isinstance(value, Archive):
            return hashlib.sha256(zipped(value)).hexdigest()
        return value["archive"] if isinstance(value, Mapping) else value


def zipped(archive: Archive) -> bytes:
    """The archive as a zip file: one on disk as it is, a folder the same each time.

    Raises ValueError when the path is neither, TypeError for an archive that is not on disk.
    """
    if not isinstance(archive, FileArchive):
        raise TypeError(f"{type(archive).__name__} is not supported as code")
    root = Path(archive.path)
    if zipfile.is_zipfile(root):
        return root.read_bytes()
    if not root.is_dir():
        raise ValueError(f"{root} is neither a zip file nor a folder")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as target:
        for path in sorted(path for path in root.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(root).as_posix())
            entry.external_attr = (0o755 if path.stat().st_mode & 0o100 else 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, path.read_bytes())
    return content.getvalue()
