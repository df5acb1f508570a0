from telegram import CallbackQuery
from telegram import Message as TelegramMessage

from bot.replies import EditReply
from bot.turn import Turn
from domain.messages.plain import Message


def edit(turn: Turn, query: CallbackQuery, screen: Message) -> None:
    """The message that was tapped becomes this screen; where Telegram no longer tells it, the screen is a new one."""
    if isinstance(query.message, TelegramMessage):
        under_file = query.message.text is None
        if under_file != (screen.file is not None):
            # Telegram lets no message change between a text and a picture
            turn.send(screen)
            return
        turn.replies.append(
            EditReply(
                message_id=query.message.message_id,
                text=screen.text,
                buttons=turn.offered(screen.buttons),
                caption=under_file,
            )
        )
    else:
        turn.send(screen)
