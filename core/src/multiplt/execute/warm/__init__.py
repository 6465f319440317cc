"""Warm servers: an interpreter that is started once, with everything loaded, and forked for every program."""
