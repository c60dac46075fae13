"""A fleet of made-up sites, for demonstrations and trials: `sitewatt simulate`.

    sun         how high the sun stands
    plants      what a site has: battery, production, a load, made from the seed
    physics     what a plant does in ten minutes: sun, weather, load, battery
    gateways    how its readings arrive: late, twice, in another order, after an outage
    running     the fleet, posting by a clock that may run faster

All but `running` is pure: the same seed, sites and times make the same posts, byte by byte.
"""
