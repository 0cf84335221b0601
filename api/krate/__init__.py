"""The vocabulary of Krate: every word two programs must spell the same way, and no I/O.

Everything else imports this package; it imports the standard library, Pydantic and structlog only.
"""
