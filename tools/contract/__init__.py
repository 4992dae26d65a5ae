"""From an OpenAPI document to the facts, contract and schemas that the tap is built on."""
