"""The tests, by the app that they are about; `browser/` starts the real site and uses it as a person would."""
