"""The contract, compiled once at start into what judges requests and replies.

strict_json   bytes to a value, or NotJson
schema        a schema: JSON Schema by jsonschema-rs, and the x- vocabulary
readers       what an accepted value means: ints, instants, how many strings it has
windows       long arrays, explained a part at a time
vocabulary    the rules JSON Schema cannot say
formats       `instant`, `time-zone`
media_types   those of bodies and answers, as headers spell them
preferences   what a client says that it takes
parameters    texts of path, query and headers to values
faults        what is wrong, where, and what would be right
routes        path and method to an operation
rights        what an operation asks of a key
operations    an operation: parameters, body, replies, rights
"""

from sitewatt.contract.faults import Fault
from sitewatt.contract.media_types import MediaTypeNotTaken, NotAcceptable
from sitewatt.contract.operations import BrokenReply, Contract, InvalidBody, Operation
from sitewatt.contract.parameters import BadParameters
from sitewatt.contract.rights import FirstKeyLacks, NeedsAllSites
from sitewatt.contract.routes import Match, MethodNotAllowed, UnknownPath
from sitewatt.contract.schema import ContractError
from sitewatt.contract.strict_json import NotJson
from sitewatt.contract.vocabulary import Request

__all__ = [
    "BadParameters",
    "BrokenReply",
    "Contract",
    "ContractError",
    "Fault",
    "FirstKeyLacks",
    "InvalidBody",
    "Match",
    "MediaTypeNotTaken",
    "MethodNotAllowed",
    "NeedsAllSites",
    "NotAcceptable",
    "NotJson",
    "Operation",
    "Request",
    "UnknownPath",
]
