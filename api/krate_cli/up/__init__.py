"""`krate up`: two processes that are the whole product on one machine.

A (this one)   API server, UI, Git host, receive evaluator, merge service; alone opens SQLite and the repositories
B (its child)  controllers and the composite engine; reaches A over TLS with one token per controller
"""
