"""What the proxy answers itself."""
