"""`python -m derive network.yaml`."""

from derive.command_line import main

if __name__ == "__main__":
    main()
