"""The panel beside the agent's own screen: pure functions from bytes to bytes, no I/O."""
