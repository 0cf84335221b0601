"""OpenAPI v2 and v3, built by hand from the structural schemas: what kubectl explain, diff and dry run read."""
