"""Readers of agents' transcripts, a file an agent: each turns what its agent keeps into `headroom_wrap.learn.model.Session`."""
