"""Discovery: which kinds are served, in both formats, from memory."""
