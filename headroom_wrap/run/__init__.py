"""``headroom run``: a command as it is, its output made smaller for whoever is no terminal."""
