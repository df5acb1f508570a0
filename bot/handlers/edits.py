from telegram import CallbackQuery
from telegram import Message as TelegramMessage

from bot.replies import EditReply
from bot.turn import Turn
from domain.messages.plain import Message


def edit(turn: Turn, query: CallbackQuery, screen: Message) -> None:
    """The message that was tapped becomes this screen; where Telegram no longer tells it, the screen is a new one."""
    if isinstance(query.message, TelegramMessage):
        turn.replies.append(EditReply(message_id=query.message.message_id, text=screen.text, buttons=screen.buttons))
    else:
        turn.send(screen)
