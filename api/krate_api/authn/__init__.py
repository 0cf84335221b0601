"""Who asks: client certificates and signed tokens, from the connection only."""
