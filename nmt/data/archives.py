"""Archives as they are downloaded, .zip and .tar packed or not: read in place, a file in one by ARCHIVE/NAME."""

from __future__ import annotations

import contextlib
import os
import tarfile
import zipfile
from collections.abc import Iterator
from typing import BinaryIO, cast

from nmt.data.packing import Opened, unpacked_name, unpacking
from nmt.errors import UserError

DAMAGED = (zipfile.BadZipFile, tarfile.TarError, EOFError, ValueError, RuntimeError)
"""What is raised for an archive that is cut off, never was one, or has a password (a RuntimeError)."""


def is_archive(path: str) -> bool:
    """Whether a name ends as those of archives do."""
    return path.endswith((".zip", ".tgz")) or unpacked_name(path).endswith(".tar")


def names(path: str) -> list[str]:
    """The files in an archive. Raises UserError when there is none or it is damaged."""
    with _told(path):
        if path.endswith(".zip"):
            with zipfile.ZipFile(path) as archive:
                return [name for name in archive.namelist() if not name.endswith("/")]
        with _opened_tar(path) as file, tarfile.open(fileobj=file, mode="r|") as tar:
            return [member.name for member in tar if member.isfile()]


def open_file(path: str) -> BinaryIO:
    """A file to read, as its bytes are: one on the disk, or one in an archive on the disk. A .tar is read up to the
    file, so that packed ones of any size take no room. Raises OSError when there is no such file, UserError when the
    archive is damaged."""
    archive, name = _parted(path)
    if not archive:
        return open(path, "rb")
    with _told(archive):
        if archive.endswith(".zip"):
            with zipfile.ZipFile(archive) as zipped, contextlib.suppress(KeyError):
                return cast(BinaryIO, zipped.open(name))
            raise FileNotFoundError(2, "No such file", path)
        file = _opened_tar(archive)
        tar = tarfile.open(fileobj=file, mode="r|")  # noqa: SIM115 (its file is closed)
        for member in tar:
            if member.name == name and member.isfile():
                return cast(BinaryIO, Opened(tar.extractfile(member), file))
        file.close()
        raise FileNotFoundError(2, "No such file", path)


def _parted(path: str) -> tuple[str, str]:
    """The archive and the name in it; no archive for a file that lies on the disk."""
    if not os.path.exists(path):
        for place, character in enumerate(path):
            if character == "/" and is_archive(path[:place]) and os.path.isfile(path[:place]):
                return path[:place], path[place + 1 :]
    return "", path


def _opened_tar(path: str) -> BinaryIO:
    return unpacking(open(path, "rb"), path.removesuffix("tgz") + "gz" if path.endswith(".tgz") else path)


@contextlib.contextmanager
def _told(path: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except (*DAMAGED, OSError) as error:
        raise UserError(f"{path} cannot be read ({error}): download it again, or unpack it by hand.") from None
