"""Compressors: each knows one kind of content. The interface is in ``api``, the list of them in ``registry``."""
