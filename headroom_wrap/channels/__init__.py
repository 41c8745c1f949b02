"""Ways to show a session other than the panel: the agent's own status line, a pane of tmux."""
