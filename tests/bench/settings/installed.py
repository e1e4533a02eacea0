"""Headway as it is installed: the environment says how many workers there are."""

from config.settings import *  # noqa: F403
