"""`krate demo`: the story of the product, told through its public interfaces only: HTTP API, Git, files."""
