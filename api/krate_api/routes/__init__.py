"""From an authenticated, authorised request to a response."""
