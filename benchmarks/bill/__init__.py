"""What whole sessions cost: each is sent direct and through proxies to a provider that bills with a simulated prompt cache."""
