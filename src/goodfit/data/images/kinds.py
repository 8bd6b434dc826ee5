"""Kinds of image files: those that are read, and those that a camera or a program leaves beside them.

It imports nothing of goodfit, as `decode`, which runs as a program of its own.
"""

import re
from collections import Counter
from collections.abc import Iterable

ENDINGS = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".avif")
ENDINGS += (".pgm", ".ppm", ".pbm", ".pnm", ".jp2", ".j2k")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "AVIF", "PPM", "JPEG2000")  # Pillow's names of them
READABLE = "PNG, JPEG, WebP, AVIF, TIFF, BMP, GIF, JPEG 2000 or PNM"
_UNREADABLE = {
    "HEIC": "heic heif hif",
    "RAW": "raw cr2 cr3 crw nef nrw arw sr2 dng raf orf rw2 pef srw 3fr erf kdc mrw x3f",
    "SVG": "svg svgz",
    "PSD": "psd psb",
    "video": "mp4 m4v mov avi mkv webm mpg mpeg wmv flv 3gp mts",
    "DICOM": "dcm dicom",
    "NIfTI": "nii nii.gz",
    "JPEG XL": "jxl",
    "EXR": "exr",
    "HDR": "hdr",
    "PDF": "pdf",
    "EPS": "eps ai",
    "TGA": "tga",
    "DDS": "dds",
    "ICO": "ico",
    "XCF": "xcf",
    "FITS": "fits fit",
}
_KINDS = {f".{ending}": kind for kind, endings in _UNREADABLE.items() for ending in endings.split()}
# Bytes at the beginning of a file; kinds that are read are empty words.
_BEGINNINGS = (
    (
        rb"\x89PNG|\xff\xd8\xff|GIF8|BM....\0\0\0\0|II\*\0|MM\0\*|RIFF....WEBP|P[1-6]\s"
        rb"|\0\0\0\x0cjP  |\xff\x4f\xff\x51",
        "",
    ),
    (rb"....ftyp(avif|avis)", ""),
    (rb"....ftyp(hei|hev|mif1|msf1)", "HEIC"),
    (rb"....ftypcrx|FUJIFILM", "RAW"),
    (rb"....ftyp|\x1aE\xdf\xa3|RIFF....AVI |\0\0\x01\xba", "video"),
    (rb"8BPS", "PSD"),
    (rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?(<!DOCTYPE svg[^>]*>\s*)?<svg", "SVG"),
    (rb"%PDF", "PDF"),
    (rb"%!PS", "EPS"),
    (rb".{128}DICM", "DICOM"),
    (rb"\xff\x0a|\0\0\0\x0cJXL ", "JPEG XL"),
    (rb"v/1\x01", "EXR"),
    (rb"\s*(<!DOCTYPE html|<html)", "HTML"),
)
_PATTERNS = tuple((re.compile(pattern, re.DOTALL | re.IGNORECASE), kind) for pattern, kind in _BEGINNINGS)
HEADER = 512  # bytes that tell a kind
_NO_EXTENSION = re.compile(r"[^.]+|.*\.[^a-z]*|.*\.[^.]{8,}", re.IGNORECASE)


def is_readable(name: str) -> bool:
    """Return True if the file's extension is that of an image that is read."""
    return name.lower().endswith(ENDINGS)


def unreadable_kind(name: str) -> str | None:
    """Return the kind of image or video that is not read, by the file's extension; None for other files.

    >>> unreadable_kind("IMG_1.HEIC"), unreadable_kind("scan.nii.gz"), unreadable_kind("notes.txt")
    ('HEIC', 'NIfTI', None)
    """
    return next((kind for ending, kind in _KINDS.items() if name.lower().endswith(ending)), None)


def has_extension(name: str) -> bool:
    """Return True if a program can tell by its name what the file is.

    >>> has_extension("a.txt"), has_extension("ISIC_01"), has_extension("face.0017")
    (True, False, False)
    """
    return _NO_EXTENSION.fullmatch(name.rpartition("/")[2]) is None


def kind_of_content(beginning: bytes) -> str | None:
    """Return the kind of a file by its first bytes; empty for an image that is read, None for an unknown one.

    >>> kind_of_content(b"GIF89a"), kind_of_content(b"RIFF....WEBPVP8 "), kind_of_content(b"....ftypheic")
    ('', '', 'HEIC')
    """
    return next((kind for pattern, kind in _PATTERNS if pattern.match(beginning)), None)


def counts_of_kinds(kinds: Iterable[str]) -> str:
    """Return the number of files of each kind, the most frequent first.

    >>> counts_of_kinds(["video", "HEIC", "HEIC"])
    '2 HEIC files and 1 video file'
    """
    counts = Counter(kinds).most_common()
    *words, last = [f"{number:,} {kind} file{'s' * (number != 1)}" for kind, number in counts]
    return f"{', '.join(words)} and {last}" if words else last
