"""The training set: built from validated translations, described by a card, pushed to the Hub, mixed for ablations."""
