"""The assembly: settings, the compiled contract, the handlers and the store become a program."""

import warnings

# Connexion imports Starlette's test client, which warns every user of a service about it.
warnings.filterwarnings("ignore", message="Using `httpx` with `starlette.testclient`")
