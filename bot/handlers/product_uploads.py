from bot.turn import Turn
from domain.messages.plain import Button, Message
from domain.uploads import open_upload
from store.models import Product


async def offer_upload(turn: Turn, product: Product) -> None:
    """The address of a page where a file of any size is sent up for the product."""
    account = await turn.account()
    if account is None:
        raise turn.refusal("creators-only")
    link_id = await open_upload(turn.session, product, account, now=turn.now)
    button = Button(text=turn.words("button-upload-open"), url=turn.facts.uploads.of(link_id))
    turn.send(Message(text=turn.words("upload-here", title=product.title), buttons=((button,),)))
