"""Renderers over one result model; each returns text or data, the command line prints."""
