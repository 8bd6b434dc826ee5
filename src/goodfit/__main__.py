"""`python -m goodfit` is `goodfit`."""

from goodfit.cli.main import main

if __name__ == "__main__":
    main()
