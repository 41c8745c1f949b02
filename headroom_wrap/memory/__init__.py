"""Memory across agents, as far as it touches the machine: which project it is, what the files say, what is asked of the store."""
