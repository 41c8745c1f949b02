"""Retrieval for clients that have no tool for it: the proxy offers ``headroom_retrieve`` to the model and answers its calls itself."""
