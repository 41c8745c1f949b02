"""The version, for the package's metadata and for ``headroom --version``."""

VERSION = "0.1.0"
