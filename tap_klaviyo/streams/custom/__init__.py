"""Streams that the settings define: any endpoint, and the events of a metric; imports what `streams` imports."""
