"""The store of a fleet on Redis or Valkey."""
