"""``generateContent`` and its relatives: what they refuse, what they charge, how they stream."""
