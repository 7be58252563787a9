"""The interactive session: `session.py` translates, `commands.py` has what it can be told, `display.py` writes,
`prompt.py` is the terminal."""
