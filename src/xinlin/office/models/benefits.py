"""Use of offers. Offers themselves are rulebook data; their redemption comes with its own tables."""
