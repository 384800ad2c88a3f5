"""The words of a report in the language of its study, from gettext catalogues, and its form of numbers."""
