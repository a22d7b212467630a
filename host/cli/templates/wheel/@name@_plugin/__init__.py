"""The package of an iolink plugin: its library lies beside this file, and nobody needs to import it."""
