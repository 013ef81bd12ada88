"""The words of the page in its languages: of problems, notices, overrides and enumerations."""
