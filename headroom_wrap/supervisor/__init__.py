"""Runs the agent between the user's terminal and ourselves: relay, shim, guardian, and the plain mode without a PTY."""
