"""Interactive review: a person decides about each rewrite of a proved draft before anything is written."""
