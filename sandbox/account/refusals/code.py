"""Refusals of Lambda: zipped code and container images.

Codes and words are those that people reported and API mocks recorded from AWS.
"""

import base64
import binascii
import io
import re
import zipfile
from collections.abc import Mapping
from typing import Any

from routing import limits
from sandbox.account.refusals.guard import Refused, refused

_NO_ZIP = "Could not unzip uploaded file. Please check your file, then try to upload again."


def check_code(backend: Any, code: Mapping[str, Any], *, image: bool, verb: str) -> None:
    """Refuse code of the wrong kind, a zip that Lambda does not take, an image it cannot pull.

    Raises Refused.
    """
    if image and not code.get("ImageUri"):
        raise _invalid(f"Please provide ImageUri when {verb} a function with packageType Image.")
    if not image and code.get("ImageUri"):
        raise _invalid(
            f"Please don't provide ImageUri when {verb} a function with packageType Zip."
        )
    if image:
        _check_image(backend, code["ImageUri"])
    elif code.get("ZipFile") is None:
        raise _invalid("Please provide a source for function code.")
    else:
        check_zip(code["ZipFile"])


def check_zip(text: str | bytes) -> None:
    """Refuse a package, in base64, that is no zip or too large.

    Raises Refused.
    """
    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise _invalid(_NO_ZIP) from None
    if len(content) > limits.FUNCTION_ZIPPED_BYTES:
        raise _invalid(f"Zipped size must be smaller than {limits.FUNCTION_ZIPPED_BYTES} bytes")
    if not content:
        raise _invalid("Uploaded file must be a non-empty zip")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            sizes = [entry.file_size for entry in archive.infolist()]
    except (zipfile.BadZipFile, NotImplementedError):
        raise _invalid(_NO_ZIP) from None
    if not sizes:
        raise _invalid("Uploaded file must be a non-empty zip")
    if sum(sizes) > limits.FUNCTION_UNZIPPED_BYTES:
        raise _invalid(f"Unzipped size must be smaller than {limits.FUNCTION_UNZIPPED_BYTES} bytes")


def _check_image(backend: Any, uri: str) -> None:
    image = re.fullmatch(limits.FUNCTION_IMAGE_PATTERN, uri, re.ASCII)
    if image is None or image["region"] != backend.region_name:
        raise _invalid(f"Source image {uri} is not valid. Provide a valid source image.")


def _invalid(message: str) -> Refused:
    return refused("InvalidParameterValueException", message)
