"""What Headroom would have saved on sessions that agents have kept."""
