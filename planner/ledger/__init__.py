"""The ledger: what happened, appended and never edited; balances are folds over it."""
