"""Reports and metric aggregates: how campaigns, flows, forms, segments and metrics perform, by the account's days."""
