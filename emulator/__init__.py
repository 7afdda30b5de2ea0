"""A small Alibaba Cloud over HTTP, for everyone who has no account at hand. It shares no code with the house."""
