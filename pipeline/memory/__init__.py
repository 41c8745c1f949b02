"""What one session has seen, for the next: forms of contents, provenance, and what is said of both."""
