"""One sync of one stream, and what the streams of a sync share; imports `pagination`, `config` and what is below."""
