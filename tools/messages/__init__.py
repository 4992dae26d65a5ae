"""The lines that a user can meet when something goes wrong, collected from the source for docs/messages.md."""
