"""From a response to records, and which columns these have; imports `contract`, and does not know `http`."""
