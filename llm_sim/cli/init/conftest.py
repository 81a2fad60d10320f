"""With this file beside the bot, pytest lets the tests import it."""
