"""Listings: entries that matter stay as their lines, the rest is counted by folder or extension."""

from pipeline.compressors.listing.compressor import ListingCompressor

__all__ = ["ListingCompressor"]
