"""Assesses an AI system: from a description or a profile to a threat profile and a risk register."""
