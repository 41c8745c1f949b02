"""Which certificates are trusted on the way to an upstream: the system's, and those that the environment names."""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

_STRICT = getattr(ssl, "VERIFY_X509_STRICT", 0)


def tls(certificates: Sequence[str], warn: Callable[[str], None]) -> ssl.SSLContext | bool:
    """A context that trusts what the system trusts, and these files too; True where that is what the client library has ready anyway.

    Args:
        certificates: files; one that cannot be read is left out, as the agent alone would go on without it.
        warn: told one sentence about each of those.
    """
    if not certificates and sys.version_info < (3, 13):
        return True
    context = ssl.create_default_context()
    # Certificates of gateways that inspect TLS often break rules that Python holds to from 3.13 on, and other clients do not.
    context.verify_flags &= ~_STRICT
    # SSL_CERT_FILE takes the place of the system's certificates in OpenSSL; here it stands beside them.
    paths = ssl.get_default_verify_paths()
    standard = Path(paths.openssl_cafile)
    loaded = {os.path.realpath(path) for path in (paths.cafile,) if path}
    for path in (*([str(standard)] if standard.is_file() else []), *certificates):
        if os.path.realpath(path) in loaded:
            continue  # most variables name one file, and to read it takes 20 ms
        loaded.add(os.path.realpath(path))
        try:
            context.load_verify_locations(path)
        except (OSError, ssl.SSLError) as error:
            why = error.strerror or type(error).__name__
            warn(f"The certificates in {path} cannot be read ({why}) and are left out. Mend the file or unset what names it.")
    return context
