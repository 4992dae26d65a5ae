"""From requests to pages, in order: chains, windows, fan-outs; imports `records`, `http` and `contract`."""
