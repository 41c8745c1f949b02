"""What the proxy answers itself: compression and retrieval over HTTP, figures, health, MCP."""
