"""Cloud Control for the `AWS::Personalize::*` types, on top of the Personalize API as its handlers are."""
