"""What makes forge data more than objects: facts from Git, pushes that move pull requests, merges, queries."""
