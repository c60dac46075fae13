"""How mongod is told what to do."""

from dataclasses import dataclass
from pathlib import Path

from sitewatt.mongod.directory import DataDirectory
from sitewatt.mongod.replica import REPLICA_SET


@dataclass(frozen=True)
class Options:
    """What an operator may change. Sizes are in MB, times in seconds.

    `oplog_mb` counts when the store is first made, the others at each start. A killed mongod
    replays at most the journal since its last checkpoint, made every minute.
    """

    cache_mb: int = 256
    """Memory for the storage engine's cache; mongod takes no less than 256."""
    oplog_mb: int = 128
    """The oplog's greatest size on disk; mongod's own default is 5 % of the disk."""
    journal_mb: int = 8
    """The size of one journal file; mongod's own default is 100."""
    log_mb: int = 8
    """The length at which the log is set aside; one older log is kept."""
    start_seconds: float = 120.0
    """How long a start may take, recovery after a crash included."""
    stop_seconds: float = 15.0
    """How long a clean stop may take before mongod is killed."""


def command_line(binary: Path, directory: DataDirectory, options: Options) -> list[str]:
    """The command that runs mongod in the foreground, with one unix socket and no TCP port."""
    return [
        str(binary),
        *("--dbpath", str(directory.database)),
        *("--replSet", REPLICA_SET),
        # The socket is named here; without --nounixsocket a second one would go to /tmp.
        *("--bind_ip", str(directory.socket), "--nounixsocket"),
        *("--oplogSize", str(options.oplog_mb)),
        *("--wiredTigerCacheSizeGB", f"{options.cache_mb / 1024:g}"),
        "--wiredTigerEngineConfigString",
        f"log=(file_max={options.journal_mb}MB,prealloc=false)",
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        # It would wait this long for another member to take over.
        *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=0"),
        # That of a process that was killed keeps its locks so long, here as long as a call and 5 s.
        *("--setParameter", "transactionLifetimeLimitSeconds=20"),
        *("--logpath", str(directory.log), "--logappend", "--logRotate", "reopen", "--quiet"),
    ]
