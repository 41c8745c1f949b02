"""What outlives a process: originals, frozen decisions, receipts. The interface is in ``api``."""
