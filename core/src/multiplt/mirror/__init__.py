"""A copy of a run's folder in an object store, sent while the run works, from which another machine goes on."""
