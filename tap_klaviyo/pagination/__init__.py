"""From requests to records in order: paging with read-ahead, windows in parallel, fan-out over parents."""
