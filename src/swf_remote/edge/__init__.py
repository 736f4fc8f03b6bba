"""The one outer layer around every answer of the gateway: what must hold for Django's pages and proxied pages alike."""
