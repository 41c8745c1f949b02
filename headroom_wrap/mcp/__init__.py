"""Headroom's tools for the agent, over the Model Context Protocol."""
