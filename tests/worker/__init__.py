"""All that enters the sandbox, tested outside of it."""
