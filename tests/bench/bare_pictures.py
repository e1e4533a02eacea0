"""python tests/bench/bare_pictures.py SOURCE DIRECTORY: create the three renditions of a photo with Pillow only.

The photo is decoded at the smallest sufficient size, and each rendition is scaled from the previous one.
"""

import sys
from pathlib import Path

from PIL import Image

WIDTHS = (1920, 960, 320)
Image.MAX_IMAGE_PIXELS = None


def main(source: str, directory: str) -> None:
    with Image.open(source) as image:
        width, height = image.size
        image.draft("RGB", (WIDTHS[0], WIDTHS[0] * height // width))
        image.load()
    rendition = image
    for new_width in WIDTHS:
        rendition = rendition.resize((new_width, round(new_width * height / width)), Image.Resampling.LANCZOS)
        rendition.save(Path(directory) / f"{new_width}.webp", "WEBP", quality=80)


if __name__ == "__main__":
    main(*sys.argv[1:])
