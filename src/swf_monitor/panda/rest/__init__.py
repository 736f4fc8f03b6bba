"""The REST endpoints under ``api/panda/`` (contract 5.2 and 5.3): parameters in, plain JSON out."""
