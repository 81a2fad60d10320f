"""Stands beside the bot, so that pytest lets the tests import it."""
