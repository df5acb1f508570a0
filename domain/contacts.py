"""E-mail addresses and phone numbers in the one form in which they are kept and compared."""

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from kit.errors import Invalid, Reason
from kit.text import shorten

# so much of what was typed is said back
SHOWN = 200


class BadContact(Invalid):
    code = "bad_contact"


def read_email(text: str) -> str:
    """The address as email-validator normalises it, casefolded. Raises BadContact."""
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized.casefold()
    except (EmailNotValidError, UnicodeError):
        message = f"“{text.strip()}” is no e-mail address, use one like ada@example.com"
        raise BadContact(
            message, fields={"email": message}, why=Reason("refused-email", email=shorten(text.strip(), SHOWN))
        ) from None


def told_email(text: str) -> str:
    """As `read_email`; what is no address stays as it was typed. However somebody writes one address, it is counted as
    one.
    """
    try:
        return read_email(text)
    except BadContact:
        return text.strip().casefold()


def read_phone(text: str) -> str:
    """The number in E.164, from any way of writing it with its country code. Raises BadContact."""
    written = text.strip()
    try:
        # 00 is dialled for + in most of the world: https://www.itu.int/rec/T-REC-E.164
        number = phonenumbers.parse(f"+{written[2:]}" if written.startswith("00") else written, None)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        message = f"“{written}” is no phone number with its country code, use one like +49 151 23456789"
        raise BadContact(message, fields={"phone": message}, why=Reason("refused-phone", phone=shorten(written, SHOWN)))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
