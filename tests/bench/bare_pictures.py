"""python tests/bench/bare_pictures.py SOURCE DIRECTORY: the three pictures of a photo by Pillow and nothing else.

The photo is decoded only as large as it is needed, and each picture made from the one before.
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
    picture = image
    for wanted in WIDTHS:
        picture = picture.resize((wanted, round(wanted * height / width)), Image.Resampling.LANCZOS)
        picture.save(Path(directory) / f"{wanted}.webp", "WEBP", quality=80)


if __name__ == "__main__":
    main(*sys.argv[1:])
