"""Admission, as the settings have it: whose keys open the service, and where it may listen."""

import logging
import os
import stat
import sys
import time
from pathlib import Path

from sitewatt.auth import AdminKey, is_loopback
from sitewatt.keyring import Keyring
from sitewatt.settings import Settings, SettingsError
from storage import Store, Unavailable

logger = logging.getLogger(__name__)


def admin_key(chosen: Settings) -> AdminKey | None:
    """Return the admin key of the settings, None without one; raises KeyFileError."""
    return None if chosen.admin_key_file is None else AdminKey.from_file(chosen.admin_key_file)


def authority(chosen: Settings, store: Store) -> Keyring:
    """Return who decides over requests to a service with these settings and this store."""
    return Keyring(
        store.keys,
        lambda: int(time.time()),
        admin_key=admin_key(chosen),
        may_open=is_loopback(chosen.host),
    )


def look_at_key_file(chosen: Settings) -> None:
    """Warn of an admin key that others can read; raises KeyFileError for one that is none."""
    file = chosen.admin_key_file
    if admin_key(chosen) is not None and file is not None and _is_read_by_others(file):
        logger.warning("everybody on this machine can read %s: chmod 600", file)


async def look_at_address(chosen: Settings, store: Store) -> None:
    """Promise that a service which others can connect to has an admin key; raises SettingsError.

    A database that does not answer says nothing of that. The service refuses everybody then, and it
    is never open where others can connect.
    """
    if is_loopback(chosen.host) or chosen.admin_key_file is not None:
        return
    try:
        has_key = await store.keys.has_admin(now=int(time.time()))
    except Unavailable as error:
        logger.warning("nobody knows whether the store has an admin key: %s", error)
        return
    if not has_key:
        raise SettingsError(
            f"to listen on {chosen.host} there must be an admin key: make one with"
            " `sitewatt keys create --scope admin`, or set SITEWATT_ADMIN_KEY_FILE; without a key"
            " the service is open, and so it listens on this machine's own addresses only"
        )


def described(chosen: Settings) -> str:
    """Return in words who gets in."""
    if chosen.admin_key_file is not None:
        return "an admin key, and the keys of the store"
    if is_loopback(chosen.host):
        return "open, to this machine only, unless the store has keys"
    return "the keys of the store"


def _is_read_by_others(file: Path) -> bool:
    """Return whether this process has a file that all can read.

    A secret that a container was given is somebody else's, who alone can change its mode.
    """
    if sys.platform == "win32":
        return False  # pragma: no cover
    found = file.stat()
    return bool(found.st_mode & stat.S_IROTH) and found.st_uid == os.geteuid()
