"""Streams that the settings define: any endpoint, read as the built-in ones are."""
