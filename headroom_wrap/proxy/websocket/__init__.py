"""Conversations over a WebSocket."""
