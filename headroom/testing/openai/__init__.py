"""Chat Completions and Responses: what they refuse, what they charge, how they stream."""
