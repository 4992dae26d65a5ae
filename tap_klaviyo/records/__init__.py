"""From a response to records."""
