"""Our MCP server in agents' own settings, for permanent use without wrapping."""
