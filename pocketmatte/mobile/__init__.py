"""What a phone makes of a network: profile, lint, the GPU paradox and packed masks."""
