"""From a master to what students get: source, release, and the checks that an author wants."""
