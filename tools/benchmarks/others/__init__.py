"""The systems that `against_others.py` trains, each in an environment and a process of its own."""
