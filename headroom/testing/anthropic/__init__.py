"""The Messages API: what it refuses, what it charges, how it streams."""
