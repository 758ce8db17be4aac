"""The fleet simulator: plays what cannot run on a laptop, against the lab's real API server.

One controller a file. Each docstring says which real controller it plays, what it keeps, and what it leaves out. All
state is in the API objects, so that the simulator may be killed and started again at any point.
"""
