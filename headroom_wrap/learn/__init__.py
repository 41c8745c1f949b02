"""What agents' own transcripts teach: sessions read, what failed in them and what then worked found, corrections written where agents read them."""
