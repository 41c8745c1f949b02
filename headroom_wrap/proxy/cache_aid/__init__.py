"""Help for clients that leave the provider's prompt cache unused: breakpoints, cache keys, one order of tools, volatile heads, keep-alive pings."""
