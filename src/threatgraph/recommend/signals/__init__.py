"""The signals of relatedness, one module each.

A signal gives every candidate a value from 0 to 1 and breaks it down into contributions (:mod:`.base`). To add one,
write a module here, add an entry to ``_SIGNALS`` in :mod:`threatgraph.recommend.model`, and learn its weights with
``tests/bench/learn_weights.py --write``.
"""
