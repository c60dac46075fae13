"""The brief's three documents as it prints them: with stray commas, and without the last braces."""

SITES = """{
    "sites": [
        {
            "name": "Willo Woods",
            "location": "north",
            "id": 1
        }
    ]
}
"""

CONFIGURATION = """{
    "id": 1,
    "battery": {
        "vendor": "Tesla",
        "capacity_kwh": 3100,
        "max_power_kw": 400,
    },
    "production": {
        "pv": {
            "units": 1,
            "kwp": 500,
        },
        "bio": {
            "units": 0,
        },
        "cro": {
            "units": 2,
            "kwp": 800,
        },
    }
}
"""

LIVE = """    "dt-stamp": [
        "2023-01-01 00:00:00",
        "2023-01-01 00:10:00",
        "2023-01-01 00:20:00"
    ],
    "soc": [
        0,
        10,
        20
    ],
    "load_kwh": [
        350,
        600,
        500
    ],
    "net_load_kwh": [
        400,
        700,
        600
    ],
    "pv_notification": [
        true,
        true,
        true
    ],
    "bio_notification": [
        false,
        false,
        false
    ],
    "cro_notification": [
        false,
        false,
        false
    ],
"""

PRINTED = f"As printed.\n\n--- sites ---\n{SITES}\n--- configuration ---\n{CONFIGURATION}\n--- live ---\n{LIVE}"  # noqa: E501  # one text of three
