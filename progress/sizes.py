"""Sizes of files for users, in decimal units. `static/progress/format.js` has the same rules."""

UNITS = (("B", 0), ("kB", 1), ("MB", 1), ("GB", 2), ("TB", 2))
"""Units and their numbers of decimal places. Each unit is 1000 times the one before."""


def size(number: int) -> str:
    """Format a number of bytes, rounded half up, in the smallest unit in which it is less than 1000."""
    for power, (unit, places) in enumerate(UNITS):
        scale = 10**places
        rounded = (number * scale * 2 + 1000**power) // (2 * 1000**power)
        if rounded < 1000 * scale or unit == UNITS[-1][0]:
            break
    text = f"{rounded / scale:.{places}f}"
    return f"{text.rstrip('0').rstrip('.') if places else text} {unit}"
