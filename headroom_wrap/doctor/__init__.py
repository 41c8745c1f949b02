"""What ``headroom doctor`` looks at beside this machine: one agent, and whether anything of ours is in an agent's way."""
