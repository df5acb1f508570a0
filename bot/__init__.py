import os

# python-telegram-bot tells waiting times as timedelta only to those who ask, and warns the others
os.environ.setdefault("PTB_TIMEDELTA", "true")
