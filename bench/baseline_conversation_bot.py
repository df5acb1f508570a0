"""The welcome flow written the ordinary way, to compare Spark with: python-telegram-bot's ConversationHandler,
PicklePersistence and default client, each with its default settings.

`python -m bench.baseline_conversation_bot --port 8092 --base-url http://127.0.0.1:8091 --data DIR`
"""

import argparse
import asyncio
import contextlib
import hmac
import logging
import signal
import warnings
from pathlib import Path
from typing import Any

import phonenumbers
from aiohttp import web
from email_validator import EmailNotValidError, validate_email
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    MessageHandler,
    PicklePersistence,
    filters,
)
from telegram.warnings import PTBUserWarning

from bench.baseline import spare_the_search_for_sniffio

TOKEN = "4242:bench"
NAME, EMAIL, PHONE, INTEREST = range(4)
INTERESTS = ["Photography", "Travel", "Cooking"]

Context = ContextTypes.DEFAULT_TYPE


async def start(update: Update, context: Context) -> int:
    context.user_data["source"] = context.args[0] if context.args else None
    await update.message.reply_text("Welcome! What is your name?")
    return NAME


async def take_name(update: Update, context: Context) -> int:
    context.user_data["name"] = update.message.text.strip()
    await update.message.reply_text(f"Nice to meet you, {context.user_data['name']}! What is your e-mail?")
    return EMAIL


async def take_email(update: Update, context: Context) -> int:
    try:
        email = validate_email(update.message.text.strip(), check_deliverability=False)
    except EmailNotValidError:
        await update.message.reply_text("That does not look like an e-mail. Please try again.")
        return EMAIL
    context.user_data["email"] = email.normalized
    await update.message.reply_text("And your phone number?")
    return PHONE


async def take_phone(update: Update, context: Context) -> int:
    try:
        phone = phonenumbers.parse(update.message.text, "US")
    except phonenumbers.NumberParseException:
        await update.message.reply_text("That does not look like a phone number. Please try again.")
        return PHONE
    context.user_data["phone"] = phonenumbers.format_number(phone, phonenumbers.PhoneNumberFormat.E164)
    buttons = [[InlineKeyboardButton(name, callback_data=f"interest:{name}")] for name in INTERESTS]
    await update.message.reply_text("What are you most interested in?", reply_markup=InlineKeyboardMarkup(buttons))
    return INTEREST


async def take_interest(update: Update, context: Context) -> int:
    query = update.callback_query
    await query.answer()
    context.user_data["interest"] = query.data.partition(":")[2]
    await context.bot.send_message(query.message.chat.id, f"Thank you, {context.user_data['name']}! You are all set.")
    return ConversationHandler.END


async def cancel(update: Update, context: Context) -> int:
    await update.message.reply_text("Cancelled.")
    return ConversationHandler.END


def build(base_url: str, data: Path) -> Application[Any, Any, Any, Any, Any, Any]:
    text = filters.TEXT & ~filters.COMMAND
    with warnings.catch_warnings():
        # one conversation per person is what is wanted here; the library warns that buttons could have more
        warnings.simplefilter("ignore", PTBUserWarning)
        conversation = ConversationHandler(
            entry_points=[CommandHandler("start", start)],
            states={
                NAME: [MessageHandler(text, take_name)],
                EMAIL: [MessageHandler(text, take_email)],
                PHONE: [MessageHandler(text, take_phone)],
                INTEREST: [CallbackQueryHandler(take_interest, pattern="^interest:")],
            },
            fallbacks=[CommandHandler("cancel", cancel)],
            allow_reentry=True,
            name="welcome",
            persistent=True,
        )
    application = (
        Application.builder()
        .token(TOKEN)
        .base_url(f"{base_url}/bot")
        .persistence(PicklePersistence(data / "bot.pickle"))
        .build()
    )
    application.add_handler(conversation)
    return application


def webhook(application: Application[Any, Any, Any, Any, Any, Any], secret: str) -> web.Application:
    """What `Application.run_webhook` does without its tornado: queue the update, answer 200, then work on it."""

    async def take(request: web.Request) -> web.Response:
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            return web.Response(status=403)
        await application.update_queue.put(Update.de_json(await request.json(), application.bot))
        return web.Response()

    app = web.Application()
    app.router.add_post("/webhook", take)
    return app


async def main(port: int, base_url: str, data: Path, secret: str) -> None:
    stop = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    application = build(base_url, data)
    async with application:
        await application.start()
        runner = web.AppRunner(webhook(application, secret), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        print(f"http://127.0.0.1:{runner.addresses[0][1]}/webhook", flush=True)
        await stop.wait()
        await runner.cleanup()
        await application.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one; the address is printed")
    parser.add_argument("--base-url", required=True, help="of the Bot API, without /bot")
    parser.add_argument("--data", type=Path, required=True, help="the folder of the pickle file")
    parser.add_argument("--secret", default="bench-secret")
    options = parser.parse_args()
    options.data.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(level=logging.WARNING)
    spare_the_search_for_sniffio()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(options.port, options.base_url, options.data, options.secret))
