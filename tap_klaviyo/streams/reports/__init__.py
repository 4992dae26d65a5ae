"""Reports and metric aggregates, which ask about calendar days; imports what `streams` imports."""
