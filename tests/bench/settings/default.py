"""Headway's default settings. The number of workers is set in the environment."""

from config.settings import *  # noqa: F403
