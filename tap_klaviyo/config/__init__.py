"""Settings: their schema, their checks, and their values; imports `records`, `http` and `contract`."""
