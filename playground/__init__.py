"""Local stand-ins of Telegram and Stripe, reached over HTTP as the real services are. Imports only kit."""
