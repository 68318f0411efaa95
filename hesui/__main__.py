"""`python -m hesui` is `hesui`."""

from hesui.cli import main

if __name__ == "__main__":
    main()
