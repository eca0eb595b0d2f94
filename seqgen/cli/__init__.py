"""The command line: a command parses, calls one function of the library, draws what it gives."""
