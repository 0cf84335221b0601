"""One page per file: a frozen dataclass, and the function that builds it from what the API says."""
