"""The server: the API of LibreTranslate and a page, over `Pipeline`. Its parts, in the order that a request meets them:
`shield` (size, time, headers, log), `asked` (what it asks for), `keys`, `routes`, `batcher`, `models`."""
