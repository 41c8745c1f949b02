"""Text models from the hub: fetched when asked, kept in the state folder, run in a process of their own."""
