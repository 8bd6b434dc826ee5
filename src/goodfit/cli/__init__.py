"""The command line: one command a file, one error boundary in `main`."""
