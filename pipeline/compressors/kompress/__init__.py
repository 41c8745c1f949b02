"""Prose made smaller without a download: reflowed, and by a question reduced to the sentences that may answer it."""
