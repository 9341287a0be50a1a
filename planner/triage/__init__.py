"""Why InMails failed, as far as evidence tells, and what becomes of each lead."""
