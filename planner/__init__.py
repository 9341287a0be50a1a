"""Plan InMail credits and connection requests over many LinkedIn seats."""

__version__ = "0.1.0"
