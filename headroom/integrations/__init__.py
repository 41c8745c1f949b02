"""Headroom in other libraries: an integration is one file, and imports what it is for only when it is used."""
