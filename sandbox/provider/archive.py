"""Code archives: the bytes that Lambda takes, and whether two are the same."""

import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi import Archive, Asset, AssetArchive, FileArchive, FileAsset, StringAsset

from sandbox.provider.schema import Shape


@dataclass(frozen=True, kw_only=True)
class Code(Shape):
    """A code archive; in a state anything that changes with its content, such as a hash."""

    def _problems(self, path: str, value: Any) -> Iterable[str]:
        if isinstance(value, Archive | Mapping):
            return []
        return [f"expected type of {path} to be an archive"]

    def normal(self, value: Any) -> Any:
        return hashlib.sha256(zipped(value)).hexdigest() if isinstance(value, Archive) else value


def zipped(archive: Archive) -> bytes:
    """The archive as a zip file: one on disk as it is, anything else the same each time.

    Raises ValueError when the path is neither a zip file nor a folder, TypeError for
    anything from the network.
    """
    if isinstance(archive, FileArchive) and zipfile.is_zipfile(archive.path):
        return Path(archive.path).read_bytes()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data, mode in sorted(_files(archive)):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, data)
    return content.getvalue()


def _files(archive: Archive) -> Iterator[tuple[str, bytes, int]]:
    if isinstance(archive, FileArchive):
        yield from _folder(Path(archive.path))
    elif isinstance(archive, AssetArchive):
        for name, asset in archive.assets.items():
            if isinstance(asset, Archive):
                for inner, data, mode in _files(asset):
                    yield f"{name}/{inner}", data, mode
            else:
                yield name, _content(asset), 0o644
    else:
        raise TypeError(f"{type(archive).__name__} is not supported as code")


def _folder(root: Path) -> Iterator[tuple[str, bytes, int]]:
    if not root.is_dir():
        raise ValueError(f"{root} is neither a zip file nor a folder")
    for path in root.rglob("*"):
        if path.is_file():
            mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
            yield path.relative_to(root).as_posix(), path.read_bytes(), mode


def _content(asset: Asset) -> bytes:
    if isinstance(asset, FileAsset):
        return Path(asset.path).read_bytes()
    if isinstance(asset, StringAsset):
        return asset.text.encode()
    raise TypeError(f"{type(asset).__name__} is not supported in a code archive")
