"""How each API declares a tool, streams its calls and takes their results."""
