"""What can go wrong with the embedded mongod.

MongodError
└── MongodMissing
"""


class MongodError(Exception):
    """The embedded mongod cannot be had; the message is a sentence for the operator."""


class MongodMissing(MongodError):
    """No mongod that runs on this machine was found; the message names the ways out."""
