"""Programs that are measured, each in a process of its own.

This folder is also run by interpreters that have no Dragoman: it imports the standard library, numpy and, where a
contender needs it, the library that is measured.
"""
