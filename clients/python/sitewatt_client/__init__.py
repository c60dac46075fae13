"""The client of sitewatt, the system of record for energy sites.

    async with sitewatt_client.Client("http://127.0.0.1:8080") as sites:
        await sites.create(name="Willo Woods", location="north", id=1)

`models` has the documents of the contract as types, `operations` a request for each of its
operations, `errors` what may be raised.
"""

from sitewatt_client import errors
from sitewatt_client.buffer import Buffer
from sitewatt_client.client import Client
from sitewatt_client.errors import Problem, SitewattError
from sitewatt_client.generated import models, operations
from sitewatt_client.receipts import Receipt, Refused
from sitewatt_client.request import Answer, Request

__all__ = [
    "Answer",
    "Buffer",
    "Client",
    "Problem",
    "Receipt",
    "Refused",
    "Request",
    "SitewattError",
    "errors",
    "models",
    "operations",
]
