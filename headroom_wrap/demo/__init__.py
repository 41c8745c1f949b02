"""The demo: a scripted agent and a scripted provider on this machine; supervisor, proxy, pipeline, store and panel are the real ones."""
