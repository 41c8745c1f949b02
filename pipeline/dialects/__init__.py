"""Wire formats of model APIs: bytes to a transcript, and rewritten blocks back into the bytes. The interface is in ``api``."""
