"""How a product is shown to whoever may buy it."""

from domain.messages.catalogue import say
from domain.messages.plain import Button, Message, column
from kit.money import Money
from store.models import Product


def product_card(product: Product, language: str, *, above: str = "") -> Message:
    """Its title, words and price with a button to buy it, or to get what is free. `above` is Telegram HTML."""
    price = say("price-free", language) if product.price_minor == 0 else price_of(product, language)
    key = "product-card-described" if product.description else "product-card"
    text = say(key, language, title=product.title, description=product.description, price=price)
    text = f"{above}\n\n{text}" if above else text
    if product.stock == 0:
        return Message(text=f"{text}\n{say('sold-out', language)}")
    label = say("button-get", language) if product.price_minor == 0 else say("button-buy", language, price=price)
    return Message(text=text, buttons=column(Button(text=label, data=f"buy:{product.id}")))


def price_of(product: Product, language: str) -> str:
    return Money(product.price_minor, product.currency).format(language)
