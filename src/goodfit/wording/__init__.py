"""Numbers, units and settings as people read them.

Every number in a sentence, a table or a page goes through this package, so that 61.1 % is written one way everywhere.
"""
