"""GitHub Copilot's API: those of OpenAI and Anthropic behind a catalogue of its own."""
